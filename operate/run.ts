import { appendFileSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { readStackFile, writeStackPlan } from '../planning/stackFile';
import { previewStack, refreshStack, updateStack, type StackChange } from './apply';
import { assertReachable, kubeConfigOf } from './cluster';
import { openStack, type StackOptions } from './stack';
import { verifyLive, type RegionVerification } from './verify';

/** Runs one piece of work under a name that says what is waited for; how it is shown is the caller's matter. */
export type Step = <T>(label: string, work: () => Promise<T>) => Promise<T>;

/** Everything that one interval did; a line of intervals.jsonl in the run's folder. */
export interface IntervalRecord {
  readonly plan: IntervalPlan;
  readonly preview: StackChange;
  readonly update: StackChange;
  readonly verification: readonly RegionVerification[];
}

/** What runs after an update differs from the plan. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
  constructor(readonly verification: readonly RegionVerification[]) {
    const faults = verification
      .filter(({ ok }) => !ok)
      .map(({ region, fault }) => `  ${region}: ${fault ?? ''}`);
    super(
      `What runs differs from the plan:\n${faults.join('\n')}\nApply again; \`kubectl describe pod\` tells more.`,
    );
  }
}

/** A cluster and a stack that may be changed: both were reached before anything is. */
export interface Target {
  readonly options: StackOptions;
  readonly kubeConfig: KubeConfig;
}

/** Checks the stack file and reaches the cluster; changes nothing. */
export async function openTarget(options: StackOptions): Promise<Target> {
  const kubeConfig = kubeConfigOf(readStackFile(options.configFile).cluster);
  await assertReachable(kubeConfig);
  return { options, kubeConfig };
}

/** Previews what the stack file would change. */
export async function preview(target: Target, step: Step): Promise<StackChange> {
  const stack = await openStack(target.options);
  return step('pulumi preview', () => previewStack(stack, target.options.configFile));
}

/**
 * Makes the stack file real and reads back what runs; where that differs, it refreshes the stack and tries once more.
 * @throws UpdateError, VerificationError
 */
export async function apply(
  target: Target,
  step: Step,
): Promise<{ update: StackChange; verification: RegionVerification[] }> {
  const stack = await openStack(target.options);
  const { configFile } = target.options;
  const update = (): Promise<StackChange> => step('pulumi up', () => updateStack(stack, configFile));
  const verify = (): Promise<RegionVerification[]> =>
    step('reading the CPU quota in every pod', () =>
      verifyLive(target.kubeConfig, readStackFile(configFile)),
    );

  const first = await update();
  const verification = await verify();
  if (verification.every(({ ok }) => ok)) return { update: first, verification };
  // Something changed behind Pulumi's back, a pod was made anew for instance: let it look, and apply the plan again.
  await step('pulumi refresh', () => refreshStack(stack, configFile));
  const second = await update();
  const again = await verify();
  if (again.some(({ ok }) => !ok)) throw new VerificationError(again);
  return {
    update: {
      changes: [...first.changes, ...second.changes],
      seconds: first.seconds + second.seconds,
      notes: [
        ...first.notes,
        ...verification.flatMap(({ region, fault }) =>
          fault === null ? [] : [`${region} was not as planned: ${fault}`],
        ),
        ...second.notes,
      ],
    },
    verification: again,
  };
}

export interface RunOptions extends StackOptions {
  /** Folder that the run leaves its copy of the stack file and its records in; made here. */
  readonly runDirectory: string;
  /** Each interval begins no sooner than this many seconds after the one before. */
  readonly secondsPerInterval: number;
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
    const { update, verification } = await apply(target, step);
    const record: IntervalRecord = { plan, preview: previewed, update, verification };
    appendFileSync(path.join(options.runDirectory, 'intervals.jsonl'), `${JSON.stringify(record)}\n`);
    onInterval(record);
    const remaining = options.secondsPerInterval * 1000 - (performance.now() - begun);
    if (remaining > 0 && index < plans.length - 1) {
      await step('waiting for the next interval', () => sleep(remaining));
    }
  }
}
