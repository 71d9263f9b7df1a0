import type { V1Deployment } from '@kubernetes/client-node';
import { millicoresOf, wantedCpuMillicores } from '../../cluster/pods';
import { Cluster } from '../podCpu/cluster';
import { allParts, formerFieldsOf, formerOwners, formerValues, setsReplicas, type Part } from './fields';
import type { BorrowedDeploymentInputs, FormerFields } from './inputs';

/** What is known of a Deployment from before it was patched. */
export interface Borrowed {
  readonly former: FormerFields;
  /** Labels by which it selects its pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** What people should know; empty where there is nothing. */
  readonly warning: string;
}

/** The name under which values are put back; it keeps no field. */
const givingBack = 'casper-gives-back';

/** How often another may change the Deployment while it is given back. */
const attempts = 10;

/**
 * Notes what a Deployment has before anything of it is patched.
 * @throws Error when there is none, or the API server does not tell
 */
export async function borrow(inputs: BorrowedDeploymentInputs, cancel: AbortSignal): Promise<Borrowed> {
  const deployment = await new Cluster(inputs, cancel).deployment();
  const { namespace, deployment: name, fieldManager } = inputs;
  return {
    former: formerFieldsOf(deployment, inputs.container),
    labels: deployment.spec?.selector.matchLabels ?? {},
    warning: setsReplicas(deployment, fieldManager)
      ? `${namespace}/${name} is patched by this stack already, which has lost what it was like before: it will be given back as it is now`
      : '',
  };
}

/**
 * The same after a change of what is patched: CPU that is patched no longer is given back.
 * @param before inputs until now
 */
export async function borrowOtherwise(
  inputs: BorrowedDeploymentInputs,
  before: BorrowedDeploymentInputs,
  known: FormerFields,
  cancel: AbortSignal,
): Promise<FormerFields> {
  const sameContainer = before.container === inputs.container;
  if (sameContainer && before.patchesCpu === inputs.patchesCpu) return known;
  const cluster = new Cluster(inputs, cancel);
  if (before.patchesCpu) await restore(cluster, before, known, ['cpu']);
  if (sameContainer) return known;
  return { ...formerFieldsOf(await cluster.deployment(), inputs.container), replicas: known.replicas };
}

/**
 * Gives a Deployment back: what is patched has its former value and its former owner, and nothing names casper any more.
 * Pods whose CPU was changed in place have their template's again. A Deployment that is gone needs nothing.
 * @returns what could not be given back; empty where all was
 * @throws Error when the API server does not answer
 */
export async function giveBack(
  inputs: BorrowedDeploymentInputs,
  { former, labels }: Pick<Borrowed, 'former' | 'labels'>,
  cancel: AbortSignal,
): Promise<string> {
  const cluster = new Cluster({ ...inputs, labels }, cancel);
  const deployment = await cluster.deploymentIfThere();
  if (!deployment) return '';
  await restore(cluster, inputs, former, allParts);
  return inputs.patchesCpu ? '' : await givePodsBack(cluster, deployment, inputs.container);
}

/** Values first, which makes them those of `givingBack`; then it, and the stack's manager where all is given back, leave. */
async function restore(
  cluster: Cluster,
  { namespace, deployment: name, container, fieldManager }: BorrowedDeploymentInputs,
  former: FormerFields,
  parts: readonly Part[],
): Promise<void> {
  const values = formerValues(await cluster.deployment(), fieldManager, container, former, parts);
  if (values) await cluster.patchDeployment(values, givingBack);
  const managers = [fieldManager, givingBack];
  const borrowers = { managers, leaving: parts === allParts ? managers : [givingBack] };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const owners = formerOwners(await cluster.deployment(), borrowers, container, former, parts);
    if (!owners || (await cluster.patchDeployment(owners, givingBack))) return;
  }
  throw new Error(`${namespace}/${name} was changed by others ${attempts} times while it was given back`);
}

/** A resize may change CPU, and not take it away. */
async function givePodsBack(cluster: Cluster, { spec }: V1Deployment, container: string): Promise<string> {
  const template = spec?.template.spec;
  const limitMillicores = wantedCpuMillicores(template, container);
  const requested = template?.containers.find(({ name }) => name === container)?.resources?.requests?.['cpu'];
  const pods = await cluster.runningPods();
  if (limitMillicores === undefined) {
    return pods.length === 0
      ? ''
      : `the template sets no CPU limit, and pods keep theirs until they are made anew: kubectl rollout restart deployment`;
  }
  const requestMillicores = requested === undefined ? limitMillicores : millicoresOf(requested);
  for (const { metadata } of pods) {
    await cluster.resizePod(metadata?.name ?? '', { limitMillicores, requestMillicores });
  }
  return '';
}
