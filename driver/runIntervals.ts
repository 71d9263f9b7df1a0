import { setTimeout as sleep } from 'node:timers/promises';
import { capacityOf } from '../stack/capacity';
import { preScaledPlans } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import type { StackPlan } from '../stack/stackConfig';
import { readStackFile, writeStackPlan } from '../stack/stackFile';
import type { StackChange } from './engine/update';
import type { Reconciler } from './reconcile';
import type { IntervalRecord, RunObserver } from './runObserver';
import type { Step } from './step';

export interface RunOptions {
  /** Each interval begins this long after the one before, or once that one's plan is applied; 0 waits for nothing. */
  readonly secondsPerInterval: number;
  /** Whether each change is previewed: while the plan before it serves. */
  readonly previewed: boolean;
  /** Whether the servers that a change takes are made ready an interval before, with the change before it. */
  readonly preScaled: boolean;
}

/**
 * Applies plans one after the other. The first plan is in force before the first interval begins; each later one is
 * applied at the beginning of its interval. A failure leaves the plan before it serving.
 * @throws what `apply` and the observers throw
 */
export async function runIntervals(
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  options: RunOptions,
  step: Step,
): Promise<void> {
  try {
    await intervals(plans, reconciler, observers, options, step);
  } catch (error) {
    await Promise.allSettled(observers.map(async (observer) => observer.onEnd?.(true)));
    throw error;
  }
  for (const observer of observers) await observer.onEnd?.(false);
}

async function intervals(
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  { secondsPerInterval, previewed, preScaled }: RunOptions,
  step: Step,
): Promise<void> {
  const { configFile } = reconciler;
  const config = readStackFile(configFile);
  // An update of their own for the next interval's servers would find no time in a squeezed hour.
  const stackPlans = preScaled
    ? preScaledPlans(plans, (region) => capacityOf(config, region))
    : plans.map(stackPlanOf);
  const changes = stackPlans.flatMap((stackPlan, index) => {
    const plan = plans[index];
    return plan ? [{ plan, stackPlan }] : [];
  });
  let previewSeconds = 0;
  const previewOf = async (
    stackPlan: StackPlan | undefined,
    withinMs = Infinity,
  ): Promise<StackChange | null> => {
    if (!stackPlan || !previewed || withinMs < previewSeconds * 1000) return null;
    writeStackPlan(configFile, stackPlan);
    const found = await reconciler.preview();
    previewSeconds = found.seconds;
    return found;
  };
  const measurer = observers.find((observer) => observer.measure !== undefined);
  const lengthMs = secondsPerInterval * 1000;
  let begunAtMs = NaN;
  let shown = await previewOf(changes[0]?.stackPlan);
  for (const [index, { plan, stackPlan }] of changes.entries()) {
    const changeBegunAtMs = Date.now();
    writeStackPlan(configFile, stackPlan);
    const applied = await reconciler.apply();
    const inForceAtMs = Date.now();
    if (index === 0) {
      begunAtMs = inForceAtMs;
      for (const observer of observers) observer.onBegin?.();
    }
    const startedAtMs = lengthMs === 0 ? inForceAtMs : begunAtMs + index * lengthMs;
    const endedAtMs = startedAtMs + lengthMs;
    const interval = { plan, stackPlan, preview: shown, ...applied, startedAtMs, endedAtMs, inForceAtMs };
    for (const observer of observers) observer.onApplied?.(interval);
    const next = changes[index + 1];
    if (next && lengthMs > 0) {
      const note = tooShort({
        plan: next.plan.interval,
        changeMs: inForceAtMs - changeBegunAtMs,
        beginsInMs: Math.max(0, endedAtMs - Date.now()),
        endsInMs: endedAtMs + lengthMs - Date.now(),
      });
      if (note !== null) for (const observer of observers) observer.onNote?.(note);
    }
    const record = (all: IntervalRecord): void => {
      for (const observer of observers) observer.onRecord?.(all);
    };
    if (!measurer) record(interval);
    // Ahead of its interval, from which it would otherwise take the time.
    shown = await previewOf(next?.stackPlan, lengthMs === 0 ? Infinity : endedAtMs - Date.now());
    const remainingMs = endedAtMs - Date.now();
    // The last interval of a run that measures nothing need not be waited out.
    if (remainingMs > 0 && (next ?? measurer)) {
      await step('waiting for the interval’s end', () => sleep(remainingMs));
    }
    if (measurer?.measure) record({ ...interval, served: await measurer.measure(interval) });
  }
}

/** When the next interval begins and ends, from now, and how long the last change took. */
interface Ahead {
  /** Start of the interval in the trace, ISO 8601. */
  readonly plan: string;
  readonly changeMs: number;
  readonly beginsInMs: number;
  readonly endsInMs: number;
}

/** Says that an interval is too short for a change that takes as long as the last one; null where it is not; pure. */
export function tooShort({ plan, changeMs, beginsInMs, endsInMs }: Ahead): string | null {
  if (beginsInMs + changeMs < endsInMs) return null;
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
  return (
    `the last change took ${seconds(changeMs)} s, and the next interval, ${plan}, ends in ${seconds(endsInMs)} s: its plan would ` +
    `come into force only after it; give at least --seconds-per-interval ${Math.ceil((2 * changeMs) / 1000)}`
  );
}
