import { capacityOf } from '../stack/capacity';
import type { IntervalPlan } from '../planning/intervalPlan';
import { leftOut } from '../planning/leftOut';
import { readStackSettings, writeStackPlan } from '../stack/stackFile';
import type { Change, Course } from './course';
import type { StackChange } from './engine/update';
import { messageOf } from './messageOf';
import { PlannedCourse, type Failures, type GoesOn, type Losses } from './plannedCourse';
import type { Applied, Reconciler } from './reconcile';
import type { AppliedInterval, IntervalOutcome, IntervalRecord, RunObserver } from './runObserver';
import type { Step } from './step';

export interface RunOptions {
  /** Each interval begins this long after the one before, or once that one's plan is applied; 0 waits for nothing. */
  readonly secondsPerInterval: number;
  /** Whether each change is previewed: while the plan before it serves. */
  readonly previewed: boolean;
  /** Whether the servers that a change takes are made ready an interval before, with the change before it. */
  readonly preScaled: boolean;
  /** How the run goes on without regions that are lost; it keeps to its plans when absent. */
  readonly losses?: Losses;
  /** How the run goes on where a change fails; that ends it when absent. */
  readonly failures?: Failures;
  /** Ends the run, with its reason, once the update under way is done. */
  readonly stopped?: AbortSignal;
  /** Of the intervals, Unix time in ms that nobody sets: who observes them goes by the same; one of the run's own when absent. */
  readonly clock?: () => number;
  /** Where the run goes on that had ended before its first interval here was done; it begins when absent. */
  readonly goesOn?: GoesOn | undefined;
}

/**
 * Applies plans one after the other. The first plan is in force before the first interval begins; each later one is
 * applied at the beginning of its interval. Where a region is lost or back, the interval under way is planned anew at
 * once, and all that follow; a region comes back once an interval at the most. A failure leaves the plan before it
 * serving.
 * @throws what the observers throw, what `apply` throws where nothing says how to go on, and the reason of `stopped`
 */
export function runIntervals(
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  { secondsPerInterval, previewed, preScaled, losses, failures, stopped, goesOn, clock }: RunOptions,
  step: Step,
): Promise<void> {
  const courseOf = (tell: Tell): Course => {
    const config = readStackSettings(reconciler.configFile);
    const preScaledFor = preScaled ? (region: string) => capacityOf(config, region) : null;
    const inForce = config.plan;
    const course = { secondsPerInterval, preScaledFor, losses, failures, stopped, inForce, goesOn, clock };
    return new PlannedCourse(plans, course, tell);
  };
  return runCourse(courseOf, reconciler, observers, previewed, step);
}

/** Says something that people should know. */
type Tell = (note: string) => void;

/**
 * The one loop that changes plans: each interval's is applied at its beginning, and again where the course has planned
 * it anew.
 * @throws what the course says ends the run, and what the observers throw
 */
export async function runCourse(
  courseOf: (tell: Tell) => Course,
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  previewed: boolean,
  step: Step,
): Promise<void> {
  try {
    await intervals(courseOf, reconciler, observers, previewed, step);
  } catch (error) {
    await Promise.allSettled(observers.map(async (observer) => observer.onEnd?.(true)));
    throw error;
  }
  for (const observer of observers) await observer.onEnd?.(false);
}

async function intervals(
  courseOf: (tell: Tell) => Course,
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  previewed: boolean,
  step: Step,
): Promise<void> {
  const { configFile } = reconciler;
  const tell = (note: string): void => {
    for (const observer of observers) observer.onNote?.(note);
  };
  const course = courseOf(tell);
  // What was applied last, or tried: a preview's plan is not that.
  let given = readStackSettings(configFile).plan;
  const write = (change: Change): Change => {
    const { plan, asTheyAre = [] } = change;
    const stackPlan = leftOut(change.stackPlan, { without: plan.without ?? [], asTheyAre }, given);
    writeStackPlan(configFile, stackPlan);
    return { ...change, stackPlan };
  };
  /** Applies the plan of an interval; null where there is none, or where it fails and the run goes on all the same. */
  let failures: string[] = [];
  const inForce = async (
    index: number,
    within = false,
  ): Promise<{ readonly change: Change; readonly applied: Applied } | null> => {
    for (;;) {
      const planned = course.at(index);
      if (!planned) return null;
      try {
        const change = write(planned);
        given = change.stackPlan;
        const applied = await reconciler.apply();
        course.applied?.(index, change, applied);
        return { change, applied };
      } catch (error) {
        failures.push(messageOf(error));
        if ((await course.failed(index, error, within)) === 'later') return null;
      }
    }
  };
  let previewSeconds = 0;
  const previewOf = async (change: Change | undefined, withinMs = Infinity): Promise<StackChange | null> => {
    if (!change || !previewed || withinMs < previewSeconds * 1000) return null;
    try {
      write(change);
      const found = await reconciler.preview();
      previewSeconds = found.seconds;
      return found;
    } catch (error) {
      if (!course.previewFailed) throw error;
      course.previewFailed(error);
      return null;
    }
  };
  const measurer = observers.find((observer) => observer.measure !== undefined);
  const record = (all: IntervalRecord): void => {
    for (const observer of observers) observer.onRecord?.(all);
  };
  const told = (interval: AppliedInterval): AppliedInterval => {
    for (const observer of observers) observer.onApplied?.(interval);
    if (!measurer) record(interval);
    return interval;
  };
  let begunAtMs = NaN;
  let shown = await previewOf(course.at(0));
  for (let index = 0; course.has(index); index++) {
    failures = course.at(index)?.interrupted ? [interruption] : [];
    const changeBegunMs = performance.now();
    await course.lookAround(index);
    const first = await inForce(index);
    const changeMs = performance.now() - changeBegunMs;
    const inForceAtMs = course.nowMs();
    if (index === 0) {
      begunAtMs = inForceAtMs;
      for (const observer of observers) observer.onBegin?.();
    }
    const { startedAtMs, endedAtMs } = course.spanOf(index, begunAtMs, inForceAtMs);
    const lengthMs = endedAtMs - startedAtMs;
    const intervalOf = (change: Change, applied: Applied): AppliedInterval => ({
      ...{ ...withoutWhy(change), preview: shown, ...applied },
      ...{ startedAtMs, endedAtMs, inForceAtMs: course.nowMs() },
      ...{ outcome: outcomeOf(change), failures: [...failures] },
    });
    let interval = first && told({ ...intervalOf(first.change, first.applied), inForceAtMs });
    const next = course.at(index + 1);
    if (next && lengthMs > 0) {
      const note = tooShort({
        plan: next.plan.interval,
        changeMs,
        beginsInMs: Math.max(0, endedAtMs - course.nowMs()),
        endsInMs: endedAtMs + lengthMs - course.nowMs(),
      });
      if (note !== null) tell(note);
    }
    // Ahead of its interval, from which it would otherwise take the time; and not before the one under way is in force.
    const ahead = interval ? next : undefined;
    shown = await previewOf(ahead, lengthMs === 0 ? Infinity : endedAtMs - course.nowMs());
    // The last interval of a run that measures nothing need not be waited out.
    const worthIt = (): boolean =>
      course.has(index + 1) || measurer !== undefined || (course.triesAgain?.() ?? false);
    const lasts = (): boolean => course.has(index) && endedAtMs > course.nowMs() && worthIt();
    while (lasts()) {
      const planned = await step('waiting for the interval’s end', async () => {
        while (lasts()) {
          if (await course.lookAround(index)) return true;
          await course.changedWithin(endedAtMs - course.nowMs());
        }
        return false;
      });
      if (!planned) break;
      const again = await inForce(index, true);
      if (!again) continue;
      shown = null;
      if (!interval) {
        interval = told(intervalOf(again.change, again.applied));
        continue;
      }
      interval = withChange(interval, again.change, again.applied, course.nowMs());
      for (const observer of observers) observer.onApplied?.(interval);
    }
    const missed = interval ? null : (course.missed?.(index) ?? null);
    if (missed) {
      // Only what was recorded of it is told: nothing was applied.
      interval = { ...intervalOf(missed, nothingApplied), inForceAtMs: startedAtMs };
      if (!measurer) record(interval);
    }
    if (measurer?.measure && interval) {
      // Of an interval that was cut short what there is of it.
      const whole = { ...interval, endedAtMs: Math.min(endedAtMs, course.nowMs()) };
      record({ ...whole, served: await measurer.measure(whole) });
    }
  }
  course.ended?.();
}

/** What the change failed of that the run had begun, or was to begin, as it ended. */
const interruption = 'the run had ended before this interval was done, and went on with it';

function outcomeOf({ plan, standsIn, interrupted }: Change): IntervalOutcome {
  if (standsIn) return 'failed';
  if (plan.held !== undefined) return 'held';
  return interrupted ? 'interrupted' : 'applied';
}

const nothingApplied: Applied = {
  update: { changes: [], seconds: 0, notes: [] },
  ...{ verification: [], rows: [], silent: [], prometheusFault: null },
};

/** Why a plan was made anew is a note of what its update did. */
function withoutWhy({ plan, stackPlan, values }: Change): Pick<Change, 'plan' | 'stackPlan' | 'values'> {
  return { plan, stackPlan, ...(values && { values }) };
}

/** An interval whose plan was made anew: what both updates did, and the plan in force since the second. */
function withChange(
  interval: AppliedInterval,
  change: Change,
  applied: Applied,
  inForceAtMs: number,
): AppliedInterval {
  const { update } = applied;
  const { why } = change;
  return {
    ...interval,
    ...applied,
    ...withoutWhy(change),
    update: {
      changes: [...interval.update.changes, ...update.changes],
      seconds: interval.update.seconds + update.seconds,
      notes: [...interval.update.notes, ...(why === undefined ? [] : [why]), ...update.notes],
    },
    outcome: outcomeOf(change),
    inForceAtMs,
  };
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
