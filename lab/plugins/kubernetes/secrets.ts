import { containsSecret, isMap, Secret, type Property, type PropertyMap } from '../provider/properties';
import { hideTexts, secretTexts } from '../provider/secrets';

/**
 * Marks secret in `outs` what is secret in `ins`: where both are objects the marking goes down into them, otherwise the
 * whole value becomes secret, so that a list whose order the server changed gives nothing away. A Kubernetes Secret's
 * data is always secret. Returns a copy.
 */
export function markSecrets(outs: PropertyMap, ins: PropertyMap): PropertyMap {
  if (outs['kind'] === 'Secret') return markSecretObject(outs, ins);
  const marked: PropertyMap = {};
  for (const [key, out] of Object.entries(outs)) {
    const given = ins[key];
    if (given === undefined) marked[key] = isList(key, out) ? markListItems(out) : out;
    else if (isMap(out) && isMap(given)) marked[key] = markSecrets(out, given);
    else if (!(out instanceof Secret) && containsSecret(given)) marked[key] = new Secret(out);
    else marked[key] = out;
  }
  return marked;
}

function isList(key: string, value: Property): value is Property[] {
  return key === 'items' && Array.isArray(value);
}

function markListItems(items: Property[]): Property[] {
  return items.map((item) => (isMap(item) ? markSecrets(item, {}) : item));
}

function markSecretObject(outs: PropertyMap, ins: PropertyMap): PropertyMap {
  const marked: PropertyMap = {};
  for (const [key, out] of Object.entries(outs)) {
    const given = ins[key];
    if (key === 'data' || key === 'stringData') marked[key] = out instanceof Secret ? out : new Secret(out);
    else if (key === 'metadata' && isMap(out)) {
      marked[key] = hideLastApplied(given !== undefined && isMap(given) ? markSecrets(out, given) : out);
    } else if (!(out instanceof Secret) && given !== undefined && containsSecret(given))
      marked[key] = new Secret(out);
    else marked[key] = out;
  }
  return marked;
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** kubectl repeats a Secret's data in an annotation. */
function hideLastApplied(metadata: PropertyMap): PropertyMap {
  const annotations = metadata['annotations'];
  if (!isMap(annotations) || annotations[LAST_APPLIED] === undefined) return metadata;
  return {
    ...metadata,
    annotations: { ...annotations, [LAST_APPLIED]: new Secret(annotations[LAST_APPLIED]) },
  };
}

/** Hides the secrets of `properties` in a message: API servers repeat refused values. A Kubernetes Secret's data is always secret. */
export function redact(message: string, properties: PropertyMap): string {
  const data = properties['kind'] === 'Secret' ? [properties['data'], properties['stringData']] : [];
  return hideTexts(message, [
    ...secretTexts(properties),
    ...data.flatMap((field) => secretTexts(new Secret(field ?? null))),
  ]);
}
