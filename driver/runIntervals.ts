import { setTimeout as sleep } from 'node:timers/promises';
import { capacityOf } from '../stack/capacity';
import { preScaledPlans } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { leftOut } from '../planning/leftOut';
import type { StackPlan } from '../stack/stackConfig';
import { readStackSettings, writeStackPlan } from '../stack/stackFile';
import type { StackChange } from './engine/update';
import type { RegionHealth } from './proxyHealth';
import type { Applied, Reconciler } from './reconcile';
import type { AppliedInterval, IntervalRecord, RunObserver } from './runObserver';
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
}

/** What a run needs to go on without regions that are lost. */
export interface Losses {
  readonly health: RegionHealth;
  /**
   * The plans of all of the run's intervals without some regions.
   * @throws InfeasibleError, NoRegionError where nobody is left to serve
   */
  readonly planWithout: (lost: readonly string[]) => Promise<readonly IntervalPlan[]>;
}

/**
 * Applies plans one after the other. The first plan is in force before the first interval begins; each later one is
 * applied at the beginning of its interval. Where a region is lost or back, the interval under way is planned anew at
 * once, and all that follow; a region comes back once an interval at the most. A failure leaves the plan before it
 * serving.
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

/** How long after a change that failed a loss may be found that explains it: the proxies need seconds to agree. */
const lossSeenWithinMs = 10_000;

/** A plan, and what the stack is given for it. */
type Change = Pick<AppliedInterval, 'plan' | 'stackPlan'>;

async function intervals(
  plans: readonly IntervalPlan[],
  reconciler: Reconciler,
  observers: readonly RunObserver[],
  { secondsPerInterval, previewed, preScaled, losses }: RunOptions,
  step: Step,
): Promise<void> {
  const { configFile } = reconciler;
  const config = readStackSettings(configFile);
  const changesOf = (planned: readonly IntervalPlan[]): Change[] => {
    // An update of their own for the next interval's servers would find no time in a squeezed hour.
    const stackPlans = preScaled
      ? preScaledPlans(planned, (region) => capacityOf(config, region))
      : planned.map(stackPlanOf);
    return stackPlans.flatMap((stackPlan, index) => {
      const plan = planned[index];
      return plan ? [{ plan, stackPlan }] : [];
    });
  };
  const tell = (note: string): void => {
    for (const observer of observers) observer.onNote?.(note);
  };
  const course = new Course(changesOf(plans), losses, changesOf, tell);
  const write = ({ plan, stackPlan }: Change): StackPlan => {
    const written = leftOut(stackPlan, plan.without ?? [], readStackSettings(configFile).plan);
    writeStackPlan(configFile, written);
    return written;
  };
  /** Applies the plan of an interval; where that fails because a region has died meanwhile, the plan without it. */
  const inForce = async (index: number): Promise<Change & { readonly applied: Applied }> => {
    for (;;) {
      const change = course.at(index);
      if (!change) throw new Error(`the run has no interval ${index}`);
      const stackPlan = write(change);
      try {
        return { ...change, stackPlan, applied: await reconciler.apply() };
      } catch (error) {
        if (!(await course.lossWithin(lossSeenWithinMs, index))) throw error;
        tell(`a region is lost, and its change failed; planned anew: ${messageOf(error)}`);
      }
    }
  };
  let previewSeconds = 0;
  const previewOf = async (change: Change | undefined, withinMs = Infinity): Promise<StackChange | null> => {
    if (!change || !previewed || withinMs < previewSeconds * 1000) return null;
    write(change);
    const found = await reconciler.preview();
    previewSeconds = found.seconds;
    return found;
  };
  const measurer = observers.find((observer) => observer.measure !== undefined);
  const lengthMs = secondsPerInterval * 1000;
  let begunAtMs = NaN;
  let shown = await previewOf(course.at(0));
  for (const index of plans.keys()) {
    const changeBegunAtMs = Date.now();
    await course.lookAround(index);
    const { plan, stackPlan, applied } = await inForce(index);
    const inForceAtMs = Date.now();
    if (index === 0) {
      begunAtMs = inForceAtMs;
      for (const observer of observers) observer.onBegin?.();
    }
    const startedAtMs = lengthMs === 0 ? inForceAtMs : begunAtMs + index * lengthMs;
    const endedAtMs = startedAtMs + lengthMs;
    let interval = { plan, stackPlan, preview: shown, ...applied, startedAtMs, endedAtMs, inForceAtMs };
    for (const observer of observers) observer.onApplied?.(interval);
    const next = course.at(index + 1);
    if (next && lengthMs > 0) {
      const note = tooShort({
        plan: next.plan.interval,
        changeMs: inForceAtMs - changeBegunAtMs,
        beginsInMs: Math.max(0, endedAtMs - Date.now()),
        endsInMs: endedAtMs + lengthMs - Date.now(),
      });
      if (note !== null) tell(note);
    }
    const record = (all: IntervalRecord): void => {
      for (const observer of observers) observer.onRecord?.(all);
    };
    if (!measurer) record(interval);
    // Ahead of its interval, from which it would otherwise take the time.
    shown = await previewOf(next, lengthMs === 0 ? Infinity : endedAtMs - Date.now());
    // The last interval of a run that measures nothing need not be waited out.
    while (endedAtMs > Date.now() && (next ?? measurer)) {
      if (!(await course.lookAround(index))) {
        await step('waiting for the interval’s end', () => course.changedWithin(endedAtMs - Date.now()));
        continue;
      }
      const anew = course.at(index);
      const again = anew && (await appliedAnew(reconciler, () => write(anew), tell));
      if (!again) continue;
      interval = withChange(interval, anew.plan, again);
      for (const observer of observers) observer.onApplied?.(interval);
      shown = null;
    }
    if (measurer?.measure) record({ ...interval, served: await measurer.measure(interval) });
  }
}

/** Applies a plan made within its interval. Where that fails, backup rows go on serving, and the next interval tries again. */
async function appliedAnew(
  reconciler: Reconciler,
  write: () => StackPlan,
  tell: (note: string) => void,
): Promise<{ readonly stackPlan: StackPlan; readonly applied: Applied } | null> {
  const stackPlan = write();
  try {
    return { stackPlan, applied: await reconciler.apply() };
  } catch (error) {
    tell(`the plan without what is lost was not applied; the next interval tries again: ${messageOf(error)}`);
    return null;
  }
}

/** An interval whose plan was made anew: what both updates did, and the plan in force since the second. */
function withChange(
  interval: AppliedInterval,
  plan: IntervalPlan,
  { stackPlan, applied }: { readonly stackPlan: StackPlan; readonly applied: Applied },
): AppliedInterval {
  const { update } = applied;
  const without = plan.without ?? [];
  const note =
    without.length > 0 ? `left out, because lost: ${without.join(', ')}` : 'back: no region is left out';
  return {
    ...interval,
    ...applied,
    plan,
    stackPlan,
    update: {
      changes: [...interval.update.changes, ...update.changes],
      seconds: interval.update.seconds + update.seconds,
      notes: [...interval.update.notes, note, ...update.notes],
    },
    inForceAtMs: Date.now(),
  };
}

/** The changes of a run, which are planned anew where a region is lost or back. */
class Course {
  private without: readonly string[] = [];
  /** The interval in which a region came back last: it comes back once in each at the most. */
  private readonly returnedIn = new Map<string, number>();

  constructor(
    private changes: readonly Change[],
    private readonly losses: Losses | undefined,
    private readonly changesOf: (plans: readonly IntervalPlan[]) => readonly Change[],
    private readonly tell: (note: string) => void,
  ) {}

  at(index: number): Change | undefined {
    return this.changes[index];
  }

  /** Waits some milliseconds, or until a region is lost or back. */
  async changedWithin(milliseconds: number): Promise<void> {
    const ended = new AbortController();
    const time = sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
    await Promise.race([time, ...(this.losses ? [this.losses.health.changed()] : [])]);
    ended.abort();
  }

  /** Whether a region is lost or back by now, or within some milliseconds, and the plans were made anew. */
  async lossWithin(milliseconds: number, index: number): Promise<boolean> {
    if (!this.losses) return false;
    if (await this.lookAround(index)) return true;
    await this.changedWithin(milliseconds);
    return this.lookAround(index);
  }

  /** Plans anew, in some interval, where other regions are lost than those that the plans leave out; whether it did. */
  async lookAround(index: number): Promise<boolean> {
    if (!this.losses) return false;
    const { lost } = this.losses.health;
    const returning = this.without.filter((region) => !lost.includes(region));
    const tooSoon = returning.filter((region) => this.returnedIn.get(region) === index);
    const without = [...lost, ...tooSoon].sort();
    if (without.join() === this.without.join()) return false;
    try {
      this.changes = this.changesOf(await this.losses.planWithout(without));
    } catch (error) {
      this.tell(
        `no plan without ${without.join(', ')}, which are lost; the weights stay: ${messageOf(error)}`,
      );
      return false;
    }
    for (const region of returning) this.returnedIn.set(region, index);
    this.without = without;
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
