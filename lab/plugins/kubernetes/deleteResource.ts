import { DELETION_PROPAGATION, SKIP_AWAIT } from './annotations';
import { ApiError, NoSuchKindError } from './apiErrors';
import { objectPath, relinquish } from './apply';
import { awaitDeleted } from './await/awaitDeleted';
import { NotReadyError } from './await/awaitReady';
import { connectionOf, unreachableReason, type ProviderContext } from './context';
import { InitFailedError } from '../provider/errors';
import { annotationOf, gvkOf, idOf, kindOf, parseId, withMetadata } from './kubernetesObject';
import type { PropertyMap } from '../provider/properties';
import { timeoutOf } from './settle';
import { fieldManagerOf, outputsOf, parseOutputs } from './state';
import { isPatchResource } from './urn';

export interface DeleteArgs {
  readonly urn: string;
  readonly id: string;
  /** Outputs as the state has them. */
  readonly properties: PropertyMap;
  readonly timeoutSeconds: number;
}

const DEFAULT_TIMEOUT_SECONDS = 600;

/** Deletes an object and waits until it is gone. One that is gone already is fine. */
export async function deleteResource(args: DeleteArgs, context: ProviderContext): Promise<void> {
  const { urn } = args;
  const connection = connectionOf(context);
  if (!connection) {
    deleteUnreachable(urn, context);
    return;
  }
  const saved = parseOutputs(args.properties);
  const object = withMetadata(saved.live, { name: parseId(args.id).name });
  const fieldManager = fieldManagerOf(saved.inputs, saved);
  try {
    if (isPatchResource(urn, kindOf(object))) {
      await relinquish(object, fieldManager, connection);
      return;
    }
    const path = await objectPath(object, connection);
    const propagationPolicy = propagation(saved.inputs);
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy };
    await connection.client.request({ method: 'DELETE', path, body, signal: context.signal });
  } catch (error) {
    if (error instanceof NoSuchKindError || (error instanceof ApiError && error.notFound)) return;
    throw describe(error, urn);
  } finally {
    if (kindOf(object) === 'CustomResourceDefinition') connection.discovery.forget();
  }
  if (annotationOf(saved.inputs, SKIP_AWAIT) === 'true' && mayVanishLater(object)) return;
  const timeoutSeconds = timeoutOf(saved.inputs, args.timeoutSeconds) ?? DEFAULT_TIMEOUT_SECONDS;
  try {
    const status = (message: string): void => {
      context.log.status(urn, message);
    };
    await awaitDeleted(
      { object, timeoutMs: timeoutSeconds * 1000, signal: context.signal, status },
      connection,
    );
  } catch (error) {
    if (!(error instanceof NotReadyError)) throw error;
    const kept = { initialApiVersion: saved.initialApiVersion ?? '', fieldManager };
    const outputs = outputsOf(saved.inputs, error.object, args.properties, kept);
    throw new InitFailedError(idOf(object), error.message, error.reasons, outputs);
  } finally {
    context.log.status(urn, '');
  }
}

function propagation(inputs: PropertyMap): string {
  switch (annotationOf(inputs, DELETION_PROPAGATION)?.toLowerCase()) {
    case 'orphan':
      return 'Orphan';
    case 'background':
      return 'Background';
    default:
      return 'Foreground';
  }
}

const LATER = new Set([
  '/Namespace',
  '/Pod',
  '/ReplicationController',
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/StatefulSet',
  'batch/Job',
]);

/** Kinds for which `skipAwait` counts for deletion too, as with the genuine provider. */
function mayVanishLater(object: PropertyMap): boolean {
  const { group, kind } = gvkOf(object);
  return LATER.has(`${group}/${kind}`);
}

function deleteUnreachable(urn: string, context: ProviderContext): void {
  const reason = `configured Kubernetes cluster is unreachable: ${unreachableReason(context)}`;
  if (!context.settings.deleteUnreachable) {
    throw new Error(
      `${reason}. If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"`,
    );
  }
  context.log.warn(
    urn,
    `${reason}. The \`deleteUnreachable\` option is enabled: deleting the resource from the state`,
  );
}

function describe(error: unknown, urn: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const required = error instanceof ApiError && error.invalid && message.includes('Required value');
  const hint = required
    ? ' This Patch resource manages a required field: set the `retainOnDelete` resource option, or hand the field to another manager first.'
    : '';
  return new Error(`deletion of resource "${urn}" failed: ${message}${hint}`);
}
