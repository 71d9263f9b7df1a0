import { RunError } from '@pulumi/pulumi';
import type { KubeConfig, V1Namespace } from '@kubernetes/client-node';
import { ApiException, CoreV1Api } from '../cluster/client';
import { within } from '../cluster/connection';
import type { ServiceConfig } from '../stack/stackConfig';

/** Annotation of a namespace that a stack has made: the stack's name. */
export const madeByStack = 'casper/stack';
/** Versions before 0.2 left this one alone, on every object that they made. */
const madeByEarlierVersion = 'pulumi.com/patchForce';

const answerWithinMs = 10_000;

/**
 * A stack deletes the namespace that it has made, with all that is in it. So it makes only one that is not there, and
 * uses only one that it has not made. Where the API server does not tell, the update itself fails or does not need it.
 * @throws RunError when the namespace is somebody else's, or not there
 */
export async function assertNamespaceIsOurs(
  kubeConfig: KubeConfig,
  service: ServiceConfig,
  stack: string,
): Promise<void> {
  const core = kubeConfig.makeApiClient(CoreV1Api);
  const found = await core
    .readNamespace({ name: service.namespace }, within(answerWithinMs))
    .catch((error: unknown) => (error instanceof ApiException && error.code === 404 ? null : undefined));
  const fault = found === undefined ? null : namespaceFault(found, service, stack);
  if (fault !== null) throw new RunError(fault);
}

/**
 * Why a stack may not go on with its namespace; null where it may. Pure.
 * @param found null for one that is not there
 */
export function namespaceFault(
  found: V1Namespace | null,
  { namespace, createNamespace }: ServiceConfig,
  stack: string,
): string | null {
  if (!found) {
    return createNamespace
      ? null
      : `casper:service.namespace: ${namespace} does not exist; make it, or let the stack make it (createNamespace: true)`;
  }
  const annotations = found.metadata?.annotations ?? {};
  const maker =
    annotations[madeByStack] ?? (annotations[madeByEarlierVersion] === undefined ? undefined : stack);
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
