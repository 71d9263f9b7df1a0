import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Stack } from '@pulumi/pulumi/automation';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { readStackFile, writeStackPlan } from '../stack/stackFile';
import { previewStack, refreshStack, updateStack, type StackChange } from './engine/update';
import { assertReachable, kubeConfigOf } from '../cluster/connection';
import { assertAddressesFree, assertManifestsExist } from './preconditions';
import { silentOrigins } from './entryPoints';
import { verifyRows, type RowVerification } from './verify/servedWeights';
import { openStack, type StackOptions } from './engine/stack';
import { verifyLive, type RegionVerification } from './verify/podCpu';

/** Runs one piece of work under a name that says what is waited for; how it is shown is the caller's matter. */
export type Step = <T>(label: string, work: () => Promise<T>) => Promise<T>;

/** Everything that one interval did; a line of intervals.jsonl in the run's folder. */
export interface IntervalRecord extends Verified {
  readonly plan: IntervalPlan;
  readonly preview: StackChange;
  readonly update: StackChange;
}

/** What runs after an update differs from the plan. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  constructor(readonly found: Verified) {
    super(
      `What runs differs from the plan:\n${faultsOf(found)
        .map((fault) => `  ${fault}`)
        .join('\n')}\nApply again; \`kubectl describe pod\` and the log in a Traefik's folder tell more.`,
    );
  }
}

/** A cluster and a stack that may be changed: both were reached before anything is. */
export interface Target {
  readonly options: StackOptions;
  readonly kubeConfig: KubeConfig;
  /** The stack, made where the backend has none; opened once. */
  readonly stack: () => Promise<Stack>;
}

/** Checks the stack file and reaches the cluster; changes nothing. */
export async function openTarget(options: StackOptions): Promise<Target> {
  const config = readStackFile(options.configFile);
  const kubeConfig = kubeConfigOf(config.cluster);
  assertManifestsExist(config);
  await assertReachable(kubeConfig);
  await assertAddressesFree(kubeConfig, config);
  let stack: Promise<Stack> | undefined;
  return { options, kubeConfig, stack: () => (stack ??= openStack(options)) };
}

/** Previews what the stack file would change. */
export async function preview(target: Target, step: Step): Promise<StackChange> {
  const stack = await target.stack();
  return step('pulumi preview', () => previewStack(stack, target.options.configFile));
}

/** What runs, beside what the stack file plans. */
export interface Verified {
  readonly verification: readonly RegionVerification[];
  readonly rows: readonly RowVerification[];
}

/** Reads back what runs; changes nothing. */
export async function verify({ kubeConfig, options }: Target, step: Step): Promise<Verified> {
  const config = readStackFile(options.configFile);
  return step('reading what runs', async () => {
    const [verification, rows] = await Promise.all([verifyLive(kubeConfig, config), verifyRows(config)]);
    return { verification, rows };
  });
}

/** Everything that differs from the plan, in words. */
export function faultsOf({ verification, rows }: Verified): string[] {
  return [
    ...verification.flatMap(({ region, fault }) => (fault === null ? [] : [`${region}: ${fault}`])),
    ...rows.flatMap(({ origin, fault }) => (fault === null ? [] : [`Traefik of ${origin}: ${fault}`])),
  ];
}

/**
 * Makes the stack file real and reads back what runs; where that differs, it refreshes the stack and tries once more.
 * @throws UpdateError, VerificationError
 */
export async function apply(target: Target, step: Step): Promise<{ update: StackChange } & Verified> {
  const stack = await target.stack();
  const { configFile } = target.options;
  const update = (replace: readonly string[]): Promise<StackChange> =>
    step('pulumi up', () => updateStack(stack, configFile, replace));

  const dead = await traefikParts(stack, 'process', await silentOrigins(readStackFile(configFile)));
  const started = await update(dead.map(({ urn }) => urn));
  const first = {
    ...started,
    notes: [...started.notes, ...dead.map(({ origin }) => `started the Traefik of ${origin} again`)],
  };
  const found = await verify(target, step);
  const faults = faultsOf(found);
  if (faults.length === 0) return { update: first, ...found };
  // Something changed behind Pulumi's back, a pod was made anew for instance: let it look, and apply the plan again.
  await step('pulumi refresh', () => refreshStack(stack, configFile));
  const strayed = found.rows.filter(({ ok }) => !ok).map(({ origin }) => origin);
  const second = await update((await traefikParts(stack, 'weights', strayed)).map(({ urn }) => urn));
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

type TraefikUrns = Readonly<Record<string, Readonly<Record<'process' | 'weights', string>> | undefined>>;

/**
 * A part of the Traefiks of some origins: Pulumi does not see by itself that something happened to it on its host.
 * Those that the stack has not made yet are left out.
 */
async function traefikParts(
  stack: Stack,
  part: 'process' | 'weights',
  origins: readonly string[],
): Promise<{ origin: string; urn: string }[]> {
  if (origins.length === 0) return [];
  const urns = ((await stack.workspace.stackOutputs(stack.name))['traefikUrns']?.value ?? {}) as TraefikUrns;
  return origins.flatMap((origin) => {
    const urn = urns[origin]?.[part];
    return urn === undefined ? [] : [{ origin, urn }];
  });
}

export interface RunOptions extends StackOptions {
  /** Folder that the run leaves its copy of the stack file and its records in; made here. */
  readonly runDirectory: string;
  /** Each interval begins no sooner than this many seconds after the one before. */
  readonly secondsPerInterval: number;
}

/** Adds what one interval did to intervals.jsonl in a run's folder. */
export function recordInterval(runDirectory: string, record: object): void {
  appendFileSync(path.join(runDirectory, 'intervals.jsonl'), `${JSON.stringify(record)}\n`);
}

/** Makes a run's folder with its copy of the stack file, and reaches the cluster. */
export async function openRun(options: StackOptions & Pick<RunOptions, 'runDirectory'>): Promise<Target> {
  mkdirSync(options.runDirectory, { recursive: true });
  const configFile = path.join(options.runDirectory, `Pulumi.${options.stackName}.yaml`);
  copyFileSync(options.configFile, configFile);
  return openTarget({ ...options, configFile });
}

/**
 * Applies plans one after the other, on a copy of the stack file.
 * A failure leaves the plan before it serving; the records of the intervals that were done stay.
 */
export async function run(
  plans: readonly IntervalPlan[],
  options: RunOptions,
  step: Step,
  onInterval: (record: IntervalRecord) => void,
): Promise<void> {
  const target = await openRun(options);
  const { configFile } = target.options;
  for (const [index, plan] of plans.entries()) {
    const begun = performance.now();
    writeStackPlan(configFile, stackPlanOf(plan));
    const previewed = await preview(target, step);
    const record: IntervalRecord = { plan, preview: previewed, ...(await apply(target, step)) };
    recordInterval(options.runDirectory, record);
    onInterval(record);
    const remaining = options.secondsPerInterval * 1000 - (performance.now() - begun);
    if (remaining > 0 && index < plans.length - 1) {
      await step('waiting for the next interval', () => sleep(remaining));
    }
  }
}
