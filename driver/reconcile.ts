import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@pulumi/pulumi/automation';
import type { StackCluster } from '../cluster/stackClusters';
import { inCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import { readStackFile } from '../stack/stackFile';
import { updateSeconds } from '../stack/updateSeconds';
import { previewStack, refreshStack, UpdateError, updateStack, type StackChange } from './engine/update';
import { explainRollout } from './explainRollout';
import { changedBehindTheStack, foreignFields } from './foreignFields';
import { silentProcesses, traefikUrns } from './hostProcesses';
import { assertNodesHold } from './nodeRoom';
import { overrides } from './overrides';
import { assertDeploymentsMayBePatched } from './preconditions';
import { reach, type SilentCluster } from './reach';
import type { Step } from './step';
import type { Target } from './target';
import { lostRegions, verifyRows, type RowVerification } from './verify/servedWeights';
import { faultOfPrometheus } from './verify/prometheus';
import { verifyLive, type RegionVerification } from './verify/podCpu';
import { unfinishedRollouts } from './verify/rollouts';

/** What runs after an update differs from the plan. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  constructor(readonly found: Verified) {
    super(
      `What runs differs from the plan:\n${faultsOf(found)
        .map((fault) => `  ${fault}`)
        .join('\n')}\n${remedyFor(found)}`,
    );
  }
}

/** What to do about faults. */
export function remedyFor({ rows, silent }: Verified): string {
  const lost = lostRegions(rows);
  if (silent.length > 0) {
    return `What runs in ${silent.map(({ name }) => name).join(', ')} stays as it is; apply again once the API server answers.`;
  }
  return lost.length > 0
    ? `The plan's backup rows serve meanwhile; plan without what is lost: --without ${lost.join(',')}.`
    : "Apply again; `kubectl describe pod` and the log in a Traefik's folder tell more.";
}

/**
 * Previews what the stack file would change.
 * @throws StackConfigError, UpdateError
 */
export async function preview(target: Target, step: Step, cancelled?: AbortSignal): Promise<StackChange> {
  const { configFile } = target.options;
  const limits = { cancelled, withinSeconds: updateSeconds(readStackFile(configFile)) };
  const stack = await target.stack();
  return step('pulumi preview', () => previewStack(stack, configFile, limits));
}

/** What runs, beside what the stack file plans. */
export interface Verified {
  readonly verification: readonly RegionVerification[];
  readonly rows: readonly RowVerification[];
  /** Clusters that tell nothing. */
  readonly silent: readonly SilentCluster[];
  /** Why Prometheus cannot be read; null where it can, or there is none. */
  readonly prometheusFault: string | null;
}

/** Reads back what runs; changes nothing. */
export async function verify({ clusters, options }: Target, step: Step): Promise<Verified> {
  const config = readStackFile(options.configFile);
  return step('reading what runs', async () => {
    const { answering, silent } = await reach(clusters, config);
    const [verification, rows, prometheusFault] = await Promise.all([
      inEach(answering, ({ name, kubeConfig }) => verifyLive(kubeConfig, inCluster(config, name))),
      verifyRows(config),
      faultOfPrometheus(config),
    ]);
    return { verification, rows, silent, prometheusFault };
  });
}

async function inEach<T>(
  clusters: readonly StackCluster[],
  ask: (cluster: StackCluster) => Promise<readonly T[]>,
): Promise<T[]> {
  return (await Promise.all(clusters.map(ask))).flat();
}

/** Everything that differs from the plan, in words; of regions that are left out nothing is expected. */
export function faultsOf({ verification, rows, silent, prometheusFault }: Verified): string[] {
  const lost = lostRegions(rows);
  return [
    ...verification.flatMap(({ region, leftOut, fault }) => {
      if (leftOut) return [];
      if (lost.includes(region)) return [`${region}: ${lostFault}${fault === null ? '' : ` (${fault})`}`];
      return fault === null ? [] : [`${region}: ${fault}`];
    }),
    ...rows.flatMap(({ origin, fault }) => (fault === null ? [] : [`Traefik of ${origin}: ${fault}`])),
    ...silent.map(({ name, regions, reason }) => `${regions.join(', ') || name}: unknown: ${reason}`),
    ...(prometheusFault === null ? [] : [`Prometheus: ${prometheusFault}`]),
  ];
}

const lostFault = 'lost: no proxy that asks it gets an answer';

/** Whether all that is wrong is that regions are lost, or clusters silent: no update mends that. */
function isBeyondUpdates(found: Verified): boolean {
  const lost = lostRegions(found.rows);
  const alive = found.verification.filter(({ region }) => !lost.includes(region));
  return (
    lost.length + found.silent.length > 0 &&
    faultsOf({ ...found, verification: alive, silent: [] }).length === 0
  );
}

/** What an update changed, and what runs after it. */
export interface Applied extends Verified {
  readonly update: StackChange;
}

/**
 * Makes the stack file real and reads back what runs; where that differs, it refreshes the stack and tries once more.
 * A region that is lost and a cluster that does not answer are told, in the notes and by `faultsOf`.
 * @param cancelled ends it in order, with its reason: what was not reached keeps the old plan
 * @throws ClusterError, UpdateError, StackLockedError, VerificationError
 */
export async function apply(target: Target, step: Step, cancelled?: AbortSignal): Promise<Applied> {
  const stack = await target.stack();
  const { configFile, stackName } = target.options;
  const config = readStackFile(configFile);
  const { answering } = await reach(target.clusters, config);
  await inEach(answering, async ({ name, kubeConfig }) => {
    await assertDeploymentsMayBePatched(kubeConfig, inCluster(config, name), stackName);
    return [];
  });
  const overridden = await overrides(config, async () => {
    await inEach(answering, async ({ name, kubeConfig }) => {
      await assertNodesHold(kubeConfig, inCluster(config, name));
      return [];
    });
  });
  const limits = { cancelled, withinSeconds: updateSeconds(config) };
  const refresh = (): Promise<unknown> =>
    step('pulumi refresh', () => refreshStack(stack, configFile, limits));
  const update = async (replace: readonly string[]): Promise<StackChange> => {
    try {
      const change = await step('pulumi up', () => updateStack(stack, configFile, replace, limits));
      await rolledOut(answering, config, step, cancelled);
      return change;
    } catch (error) {
      return explained(answering, config, error);
    }
  };

  const overwritten = await changedByOthers(answering, stack, config);
  // Pulumi compares the plan with its own state, which does not have these changes yet.
  if (overwritten.length > 0) await refresh();
  const silent = await silentProcesses(stack, config);
  const started = await update(silent.map(({ urn }) => urn));
  const first = {
    ...started,
    notes: [
      ...overridden,
      ...overwritten,
      ...started.notes,
      ...silent.map(({ name }) => `${name} did not answer here; its host has started it if it had died`),
    ],
  };
  const found = await verify(target, step);
  const faults = faultsOf(found);
  if (faults.length === 0) return { update: first, ...found };
  // It is told; of a loss the backup serves.
  if (isBeyondUpdates(found)) return { update: { ...first, notes: [...first.notes, ...faults] }, ...found };
  // Something changed behind Pulumi's back, a pod was made anew for instance: let it look, and apply the plan again.
  await refresh();
  const strayed = found.rows.filter(({ ok }) => !ok).map(({ origin }) => origin);
  const second = await update(await traefikUrns(stack, 'weights', strayed));
  const again = await verify(target, step);
  if (faultsOf(again).length > 0) throw new VerificationError(again);
  return {
    update: {
      changes: [...first.changes, ...second.changes],
      seconds: first.seconds + second.seconds,
      notes: [...first.notes, ...faults.map((fault) => `was not as planned: ${fault}`), ...second.notes],
    },
    ...again,
  };
}

const rolloutPollMs = 1000;

/**
 * Waits for rollouts that an update has begun and not waited for; those of regions that are lost it leaves.
 * @throws UpdateError after `rolloutTimeoutSeconds`
 */
async function rolledOut(
  clusters: readonly StackCluster[],
  config: StackConfig,
  step: Step,
  cancelled: AbortSignal | undefined,
): Promise<void> {
  const unfinished = async (): Promise<string[]> => {
    const open = await inEach(clusters, async ({ name, kubeConfig }) => [
      ...(await unfinishedRollouts(kubeConfig, inCluster(config, name))).keys(),
    ]);
    if (open.length === 0) return [];
    const gone = [...lostRegions(await verifyRows(config)), ...(config.plan.without ?? [])];
    return open.filter((region) => !gone.includes(region));
  };
  let open = await unfinished();
  if (open.length === 0) return;
  const { rolloutTimeoutSeconds } = config.service;
  await step('waiting for rollouts', async () => {
    const end = performance.now() + rolloutTimeoutSeconds * 1000;
    for (; open.length > 0; open = await unfinished()) {
      if (performance.now() > end) {
        throw new UpdateError(
          `The pods of ${open.join(', ')} were not replaced within ${rolloutTimeoutSeconds} s (casper:service.rolloutTimeoutSeconds); those of before serve.`,
        );
      }
      await sleep(rolloutPollMs, undefined, { signal: cancelled }).catch(() => cancelled?.throwIfAborted());
    }
  });
}

/** What somebody changed of the stack's objects; the stack's state is read only where there is such a field. */
async function changedByOthers(
  clusters: readonly StackCluster[],
  stack: Stack,
  config: StackConfig,
): Promise<string[]> {
  const foreign = await inEach(clusters, ({ name, kubeConfig }) =>
    foreignFields(kubeConfig, inCluster(config, name)),
  );
  if (foreign.length === 0) return [];
  const state: { deployment: unknown } = await stack.exportStack();
  return changedBehindTheStack(foreign, state.deployment);
}

/** Adds the pods' own reasons to an update's error. */
async function explained(
  clusters: readonly StackCluster[],
  config: StackConfig,
  error: unknown,
): Promise<never> {
  if (!(error instanceof UpdateError)) throw error;
  const reasons = await inEach(clusters, ({ name, kubeConfig }) =>
    explainRollout(kubeConfig, inCluster(config, name)),
  );
  if (reasons.length === 0) throw error;
  const lines = reasons.map((reason) => `  ${reason}`).join('\n');
  throw new UpdateError(`${error.message}\nWhat is not ready, and why:\n${lines}`);
}

/** A stack file, and what makes it real. */
export interface Reconciler {
  readonly configFile: string;
  readonly preview: () => Promise<StackChange>;
  readonly apply: () => Promise<Applied>;
}

/** @param cancelled ends what is under way in order, with its reason */
export function reconcilerOf(target: Target, step: Step, cancelled?: AbortSignal): Reconciler {
  return {
    configFile: target.options.configFile,
    preview: () => preview(target, step, cancelled),
    apply: () => apply(target, step, cancelled),
  };
}
