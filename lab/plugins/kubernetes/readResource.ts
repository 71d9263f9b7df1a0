import { SKIP_AWAIT } from './annotations';
import { ApiError, NoSuchKindError } from './apiErrors';
import { getObject } from './apply';
import { kindAwaiter } from './await/awaiters';
import { reasonsNotReady } from './await/awaitReady';
import { connectionOf, unreachableReason, type ProviderContext } from './context';
import { InitFailedError } from '../provider/errors';
import {
  annotationOf,
  apiVersionOf,
  nameOf,
  parseId,
  toObject,
  toProperties,
  withMetadata,
} from './kubernetesObject';
import type { PropertyMap } from '../provider/properties';
import { redact, markSecrets } from './secrets';
import { fieldManagerOf, inputsFromLive, normalise, outputsOf, parseOutputs, prune } from './state';
import { gvkOfUrn } from './urn';

export interface ReadArgs {
  readonly urn: string;
  readonly id: string;
  /** Outputs as the state has them; empty for an import. */
  readonly properties: PropertyMap;
  /** Inputs as the state has them; empty for an import. */
  readonly inputs: PropertyMap;
}

export interface ReadResult {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs: PropertyMap;
}

/** The object as it is now, with the inputs that would make it so; undefined where it is gone. */
export async function readResource(
  args: ReadArgs,
  context: ProviderContext,
): Promise<ReadResult | undefined> {
  const connection = connectionOf(context);
  if (!connection) return readUnreachable(args, context);
  const { urn, id } = args;
  const saved = parseOutputs(args.properties);
  const olds = normalise(toObject(args.inputs));
  const imported = olds['kind'] === undefined && saved.live['kind'] === undefined;
  const wanted = identify(olds, saved.live, args);
  let live: PropertyMap;
  try {
    live = await getObject(wanted, connection);
  } catch (error) {
    // Custom resources go with their definition.
    if (error instanceof NoSuchKindError || (error instanceof ApiError && error.notFound)) return undefined;
    throw error;
  }
  const inputs = imported ? inputsFromLive(live) : prune(live, olds);
  const outputs = outputsOf(inputs, live, args.inputs, {
    initialApiVersion: saved.initialApiVersion ?? apiVersionOf(gvkOfUrn(urn)),
    fieldManager: fieldManagerOf(olds, saved),
  });
  const result = { id, outputs, inputs: markSecrets(toProperties(inputs), args.inputs) };
  const awaiter = kindAwaiter(live);
  if (imported || !awaiter?.assessOnRead || annotationOf(olds, SKIP_AWAIT) === 'true') return result;
  const reasons = await reasonsNotReady(awaiter, live, connection);
  if (!reasons) return result;
  throw new InitFailedError(
    id,
    `Resource '${nameOf(live)}' was created but failed to initialize`,
    reasons.map((reason) => redact(reason, args.inputs)),
    result.outputs,
    result.inputs,
  );
}

/** What to ask for: kind, name and namespace from the inputs, else from the state, else from the URN and the id. */
function identify(olds: PropertyMap, live: PropertyMap, { urn, id }: ReadArgs): PropertyMap {
  const { namespace, name } = parseId(id);
  if (name === '')
    throw new Error(
      `failed to read resource because of a failure to parse resource name from request ID: ${id}`,
    );
  const known = [olds, live].find((object) => object['kind'] !== undefined);
  const gvk = gvkOfUrn(urn);
  const apiVersion = known?.['apiVersion'] ?? apiVersionOf(gvk);
  const kind = known?.['kind'] ?? gvk.kind.replace(/Patch$/, '');
  return withMetadata({ apiVersion, kind }, { name, ...(namespace ? { namespace } : {}) });
}

function readUnreachable(
  { urn, id, properties, inputs }: ReadArgs,
  context: ProviderContext,
): ReadResult | undefined {
  const reason = `configured Kubernetes cluster is unreachable: ${unreachableReason(context)}`;
  if (context.settings.deleteUnreachable) {
    context.log.warn(
      urn,
      `${reason}. The \`deleteUnreachable\` option is enabled: deleting the resource from the state`,
    );
    return undefined;
  }
  if (context.settings.skipUpdateUnreachable) {
    context.log.warn(
      urn,
      `${reason}. The \`skipUpdateUnreachable\` option is enabled: the state may not be the cluster's`,
    );
    return { id, outputs: properties, inputs };
  }
  throw new Error(
    `failed to read resource state: ${reason}. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`,
  );
}
