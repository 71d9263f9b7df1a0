import { PropertyDiff } from '@pulumi/pulumi/proto/provider_pb';
import { REPLACE_UNREADY } from './annotations';
import { ApiError } from './apiErrors';
import { getObject, updateObject, withoutBookkeeping } from './apply';
import { kindAwaiter } from './await/awaiters';
import { reasonsNotReady } from './await/awaitReady';
import { isNamespaced } from './checkInputs';
import { connectionOf, type ProviderContext } from './context';
import { replacedPaths, replaceFor, withoutIgnored, type DetailedDiff } from '../provider/diff';
import { objectDiff } from './objectDiff';
import { IDENTITY, immutableFields } from './immutableFields';
import {
  annotationOf,
  gvkOf,
  kindOf,
  nameOf,
  namespaceOf,
  toObject,
  withMetadata,
  withoutMetadata,
} from './kubernetesObject';
import { isAutonamed, isNamed } from './naming';
import { containsUnknown, equal, isMap, type PropertyMap } from '../provider/properties';
import { fieldManagerOf, normalise, parseOutputs, prune, type SavedState } from './state';
import { isPatchResource } from './urn';

export interface DiffArgs {
  readonly urn: string;
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
  readonly ignored: readonly string[];
}

export interface ResourceDiff {
  readonly changes: DetailedDiff;
  readonly replaces: string[];
  readonly deleteBeforeReplace: boolean;
}

/**
 * What an update would change: the new inputs against the object as the state has it, in those fields that the old inputs
 * spoke of. What looks like a change is tried in a dry run, so that another spelling of the same value is none, and a
 * field that the server does not let change becomes a replacement.
 */
export async function diffResource(args: DiffArgs, context: ProviderContext): Promise<ResourceDiff> {
  const saved = parseOutputs(args.olds);
  const news = normalise(toObject(args.news));
  const [old, next] = await comparable(saved, news, context);
  const patchResource = isPatchResource(args.urn, kindOf(news));
  const immutable = patchResource ? IDENTITY : immutableFields(news, context.settings);
  let changes = withoutIgnored(objectDiff(old, next, immutable), args.ignored);
  if (changes.size > 0 && replacedPaths(changes).length === 0) {
    changes = await tried(changes, news, saved, patchResource, args, context);
  }
  const replaces = replacedPaths(changes);
  if (annotationOf(news, REPLACE_UNREADY) === 'true' && (await isUnready(saved.live, args.urn, context))) {
    const path = `metadata.annotations["${REPLACE_UNREADY}"]`;
    changes.set(path, PropertyDiff.Kind.UPDATE_REPLACE);
    replaces.push(path);
  }
  return { changes, replaces, deleteBeforeReplace: replaces.length > 0 && keepsName(saved.live, next) };
}

/** The old object pruned to its inputs, and the new inputs, with the same way of leaving out a namespace. */
async function comparable(
  saved: SavedState,
  news: PropertyMap,
  context: ProviderContext,
): Promise<[PropertyMap, PropertyMap]> {
  const old = withMetadata(
    prune(saved.live, normalise(saved.inputs)),
    isNamed(news) ? { name: nameOf(saved.live) } : {},
  );
  if (!(await isNamespaced(gvkOf(news), context))) {
    return [withoutMetadata(old, 'namespace'), withoutMetadata(news, 'namespace')];
  }
  return [inNamespace(old), inNamespace(news)];
}

function inNamespace(object: PropertyMap): PropertyMap {
  const metadata = object['metadata'];
  const open = isMap(metadata) && (metadata['namespace'] ?? '') === '';
  return open ? withMetadata(object, { namespace: 'default' }) : object;
}

/** A new object of the same name cannot be made before the old one is gone; an automatic name is made anew. */
function keepsName(live: PropertyMap, next: PropertyMap): boolean {
  return (
    isNamed(next) &&
    !isAutonamed(next) &&
    nameOf(next) === nameOf(live) &&
    namespaceOf(next) === (namespaceOf(live) || namespaceOf(next))
  );
}

/** The changes that a dry run confirms. Where none can be made, all of them. */
async function tried(
  changes: DetailedDiff,
  news: PropertyMap,
  saved: SavedState,
  patchResource: boolean,
  args: DiffArgs,
  context: ProviderContext,
): Promise<DetailedDiff> {
  const connection = connectionOf(context);
  if (!connection || patchResource || containsUnknown(news)) return changes;
  try {
    const live = await getObject(news, connection);
    const fieldManager = fieldManagerOf(news, saved);
    const dropsFields = [...changes.values()].includes(PropertyDiff.Kind.DELETE);
    const { body } = await updateObject(
      {
        inputs: news,
        live,
        fieldManager,
        patchResource,
        ignored: args.ignored,
        settings: context.settings,
        dryRun: true,
        signal: context.signal,
      },
      connection,
    );
    // Before an object's first update its fields belong to its creation, and a dry run cannot show one dropped.
    const same = equal(withoutBookkeeping(body, fieldManager), withoutBookkeeping(live, fieldManager));
    return same && !dropsFields ? new Map() : changes;
  } catch (error) {
    // The update itself reports what else is wrong.
    return error instanceof ApiError ? error.immutableFields.reduce(replaceFor, changes) : changes;
  }
}

async function isUnready(live: PropertyMap, urn: string, context: ProviderContext): Promise<boolean> {
  const connection = connectionOf(context);
  if (!connection) {
    context.log.warn(urn, 'Cluster is unreachable, skipping replaceUnready check');
    return false;
  }
  const awaiter = kindAwaiter(live);
  if (!awaiter || kindOf(live) !== 'Job') {
    context.log.warn(urn, 'replaceUnready annotation is not supported for this resource');
    return false;
  }
  try {
    return (await reasonsNotReady(awaiter, await getObject(live, connection), connection)) !== undefined;
  } catch {
    // What cannot be read is not replaced for it.
    return false;
  }
}
