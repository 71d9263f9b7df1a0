import { RunError } from '@pulumi/pulumi';
import type { KubeConfig, V1Namespace } from '@kubernetes/client-node';
import { ApiException, CoreV1Api } from '../cluster/client';
import { within } from '../cluster/connection';
import type { StackCluster } from '../cluster/stackClusters';
import type { ServiceConfig, StackConfig } from '../stack/stackConfig';
import type { OwnOutputs } from './ownOutputs';

/** Annotation of a namespace that a stack has made: the stack's name. */
export const madeByStack = 'casper/stack';

/** Output that says whether the stack has made its namespace. Versions before it made theirs always. */
export const namespaceMade = 'namespaceMade';

const answerWithinMs = 5000;

/**
 * A stack deletes the namespace that it has made, with all that is in it. So it makes only one that is not there, and
 * uses only one that it has not made. Where an API server does not tell, the update itself fails or does not need it.
 * @throws RunError when the namespace is somebody else's in one of the clusters, or not there
 */
export async function assertNamespacesAreOurs(
  clusters: readonly StackCluster[],
  { scope, service }: StackConfig,
  stack: string,
  outputs: OwnOutputs,
): Promise<void> {
  if (scope === 'platform') return;
  await Promise.all(
    clusters.map(({ kubeConfig }) => assertNamespaceIsOurs(kubeConfig, service, stack, outputs)),
  );
}

async function assertNamespaceIsOurs(
  kubeConfig: KubeConfig,
  service: ServiceConfig,
  stack: string,
  outputs: OwnOutputs,
): Promise<void> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const found = await core
    .readNamespace({ name: service.namespace }, within(answerWithinMs))
    .catch((error: unknown) => (error instanceof ApiException && error.code === 404 ? null : undefined));
  if (found === undefined) return;
  const maker = found ? await makerOf(found, stack, outputs) : undefined;
  const fault = namespaceFault(found !== null, maker, service, stack);
  if (fault !== null) throw new RunError(fault);
}

/** The stack that has made a namespace; this one where an update of it has, whatever became of the annotation. */
async function makerOf(
  { metadata }: V1Namespace,
  stack: string,
  outputs: OwnOutputs,
): Promise<string | undefined> {
  const annotated = metadata?.annotations?.[madeByStack];
  if (annotated !== undefined) return annotated;
  const [interval, made] = await Promise.all([outputs.get('interval'), outputs.get(namespaceMade)]);
  return interval !== undefined && made !== false ? stack : undefined;
}

/**
 * Why a stack may not go on with its namespace; null where it may. Pure.
 * @param isThere whether there is such a namespace
 * @param maker the stack that has made it; undefined where none has
 */
export function namespaceFault(
  isThere: boolean,
  maker: string | undefined,
  { namespace, createNamespace }: Pick<ServiceConfig, 'namespace' | 'createNamespace'>,
  stack: string,
): string | null {
  if (!isThere) {
    return createNamespace
      ? null
      : `casper:service.namespace: ${namespace} does not exist; make it, or let the stack make it (createNamespace: true)`;
  }
  if (createNamespace && maker === undefined) {
    return (
      `casper:service.namespace: ${namespace} is there already and no stack has made it; this one would delete it one day. ` +
      'Choose another name, or use it as it is (createNamespace: false)'
    );
  }
  if (createNamespace && maker !== stack) {
    return `casper:service.namespace: stack ${maker ?? ''} has made ${namespace}; choose another name`;
  }
  if (!createNamespace && maker === stack) {
    return (
      `casper:service.createNamespace: this stack has made ${namespace} and would delete it now, with all that is in it; ` +
      'leave it true, or destroy the stack first'
    );
  }
  return null;
}
