import type { V1Deployment, V1ManagedFieldsEntry } from '@kubernetes/client-node';
import type { FormerField, FormerFields, Owner } from './inputs';

/** Fields of a Deployment, who has set them (`metadata.managedFields`), and how they pass to another manager. Pure. */

/** Steps into the `fieldsV1` of an entry of managed fields. */
type FieldPath = readonly string[];

interface FieldsV1 {
  [step: string]: FieldsV1;
}

const replicasPath: FieldPath = ['f:spec', 'f:replicas'];

function cpuPath(container: string, part: 'limits' | 'requests'): FieldPath {
  const ofContainer = `k:${JSON.stringify({ name: container })}`;
  const pod = ['f:spec', 'f:template', 'f:spec', 'f:containers', ofContainer];
  return [...pod, 'f:resources', `f:${part}`, 'f:cpu'];
}

/** What a Deployment has of the fields that casper patches, and who has set them. */
export function formerFieldsOf(deployment: V1Deployment, container: string): FormerFields {
  const { limits, requests } = resourcesOf(deployment, container);
  const field = (value: string | number | undefined, path: FieldPath): FormerField => {
    const owner = ownerOf(deployment, path);
    return { ...(value !== undefined && { value }), ...(owner && { owner }) };
  };
  return {
    replicas: field(deployment.spec?.replicas ?? 1, replicasPath),
    limit: field(limits?.['cpu'], cpuPath(container, 'limits')),
    request: field(requests?.['cpu'], cpuPath(container, 'requests')),
  };
}

function resourcesOf({ spec }: V1Deployment, container: string): { limits?: CpuOf; requests?: CpuOf } {
  return spec?.template.spec?.containers.find(({ name }) => name === container)?.resources ?? {};
}
type CpuOf = Readonly<Record<string, string>>;

function ownerOf({ metadata }: V1Deployment, path: FieldPath): Owner | undefined {
  const entry = metadata?.managedFields?.find(({ fieldsV1 }) => has(fieldsV1, path));
  if (!entry) return undefined;
  const { manager = '', operation = 'Update', subresource } = entry;
  return { manager, operation, ...(subresource !== undefined && { subresource }) };
}

/** Whether a manager has set the number of a Deployment's pods. */
export function setsReplicas(deployment: V1Deployment, manager: string): boolean {
  return sets(deployment, manager, replicasPath);
}

function sets({ metadata }: V1Deployment, manager: string, path: FieldPath): boolean {
  return (metadata?.managedFields ?? []).some(
    (entry) => entry.manager === manager && has(entry.fieldsV1, path),
  );
}

/**
 * A strategic merge patch that puts back what a manager has set, as it was; null where there is nothing of that. What
 * somebody else has taken over since is theirs.
 * @param which the number of pods, or the CPU of the container
 */
export function formerValues(
  deployment: V1Deployment,
  manager: string,
  container: string,
  former: FormerFields,
  which: readonly ('replicas' | 'cpu')[] = ['replicas', 'cpu'],
): object | null {
  const cpuOf = (part: 'limits' | 'requests', { value }: FormerField): object =>
    sets(deployment, manager, cpuPath(container, part)) ? { [part]: { cpu: value ?? null } } : {};
  const resources = { ...cpuOf('limits', former.limit), ...cpuOf('requests', former.request) };
  const spec = {
    ...(which.includes('replicas') &&
      sets(deployment, manager, replicasPath) && { replicas: former.replicas.value }),
    ...(which.includes('cpu') &&
      Object.keys(resources).length > 0 && {
        template: { spec: { containers: [{ name: container, resources }] } },
      }),
  };
  return Object.keys(spec).length > 0 ? { spec } : null;
}

/**
 * A strategic merge patch after which a manager has set nothing of a Deployment any more: its fields are those of who had
 * them before, its annotations are gone, and no value changes; null where it has set nothing.
 */
export function formerOwners(
  deployment: V1Deployment,
  managers: readonly string[],
  container: string,
  former: FormerFields,
): object | null {
  const { metadata } = deployment;
  const entries = metadata?.managedFields ?? [];
  const ours = entries.filter(({ manager = '' }) => managers.includes(manager));
  if (ours.length === 0) return null;
  const owned: [FieldPath, FormerField][] = [
    [replicasPath, former.replicas],
    [cpuPath(container, 'limits'), former.limit],
    [cpuPath(container, 'requests'), former.request],
  ];
  const others = owned
    .filter(([path]) => ours.some(({ fieldsV1 }) => has(fieldsV1, path)))
    .reduce(
      (left, [path, { value, owner }]) => (owner && value !== undefined ? passOn(left, path, owner) : left),
      entries.filter((entry) => !ours.includes(entry)),
    );
  const annotations = ours.flatMap(({ fieldsV1 }) => {
    const { 'f:metadata': { 'f:annotations': set = {} } = {} } = (fieldsV1 ?? {}) as FieldsV1;
    return Object.keys(set).filter((step) => step.startsWith('f:pulumi.com/'));
  });
  return {
    metadata: {
      // Whoever changes it meanwhile is not overwritten.
      resourceVersion: metadata?.resourceVersion,
      managedFields: others,
      annotations: Object.fromEntries(annotations.map((step) => [step.slice('f:'.length), null])),
    },
  };
}

/** Adds a field to the entry of a manager, which is made where there is none. */
function passOn(
  entries: readonly V1ManagedFieldsEntry[],
  path: FieldPath,
  { manager, operation, subresource }: Owner,
): V1ManagedFieldsEntry[] {
  const theirs = entries.find(
    (entry) =>
      entry.manager === manager && entry.operation === operation && entry.subresource === subresource,
  );
  const fresh: V1ManagedFieldsEntry = {
    ...{ manager, operation, apiVersion: 'apps/v1', fieldsType: 'FieldsV1', time: new Date() },
    ...(subresource !== undefined && { subresource }),
  };
  const entry = theirs ?? fresh;
  const fieldsV1 = withField((entry.fieldsV1 ?? {}) as FieldsV1, path);
  return [...entries.filter((other) => other !== theirs), { ...entry, fieldsV1 }];
}

function has(fields: unknown, [step, ...rest]: FieldPath): boolean {
  if (step === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !(step in fields)) return false;
  return has((fields as FieldsV1)[step], rest);
}

function withField(fields: FieldsV1, [step, ...rest]: FieldPath): FieldsV1 {
  return step === undefined ? fields : { ...fields, [step]: withField(fields[step] ?? {}, rest) };
}
