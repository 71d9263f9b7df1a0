import { isDeepStrictEqual } from 'node:util';
import { longSleep } from '../load/longSleep';
import { steadyClock } from '../load/steadyClock';
import { demandOf, heldPlan } from '../planning/heldPlan';
import type { Untouched } from '../planning/leftOut';
import { preScaledPlans } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import type { CapacityByRegion } from '../stack/capacity';
import { StackConfigError, type StackPlan } from '../stack/stackConfig';
import type { BackOff } from './backOff';
import type { Change, Course, Span } from './course';
import { messageOf } from './messageOf';
import type { RegionHealth } from './proxyHealth';

/** What a run needs to go on without regions that are lost. */
export interface Losses {
  readonly health: RegionHealth;
  /** Regions of which a plan must use no more than there is, where others are lost. */
  readonly asTheyAre: (lost: readonly string[]) => Promise<readonly string[]>;
  /**
   * The plans of all of the run's intervals where some regions cannot be changed.
   * @throws InfeasibleError, NoRegionError where nobody is left to serve
   */
  readonly planAround: (untouched: Untouched, inForce: StackPlan) => Promise<readonly IntervalPlan[]>;
}

/** How a run goes on where a change fails. */
export interface Failures {
  /** So many failures in a row, over intervals too, and the plan that verified last is put back. */
  readonly most: number;
  /** When a change that failed is tried again within its interval. */
  readonly backOff: BackOff;
}

export interface PlannedCourseOptions {
  /** Each interval begins this long after the one before, or once that one's plan is applied; 0 waits for nothing. */
  readonly secondsPerInterval: number;
  /** What each region holds, where the servers that a change takes are made ready an interval before; null where not. */
  readonly preScaledFor: CapacityByRegion | null;
  /** How the run goes on without regions that are lost; it keeps to its plans when absent. */
  readonly losses?: Losses | undefined;
  /** How the run goes on where a change fails; that ends it when absent. */
  readonly failures?: Failures | undefined;
  /** Ends the run, with its reason, once what is under way is done. */
  readonly stopped?: AbortSignal | undefined;
  /** The plan that is in force when the run begins. */
  readonly inForce: StackPlan;
  /** Unix time in ms that nobody sets; one that begins with the course when absent. */
  readonly clock?: (() => number) | undefined;
  /** Where the run goes on that had ended before its first interval here was done; it begins when absent. */
  readonly goesOn?: GoesOn | undefined;
}

/** A run that goes on. */
export interface GoesOn {
  /** What it put into force last, and read back; null where it had come to nothing. */
  readonly verified: Pick<Change, 'plan' | 'stackPlan'> | null;
}

/** How long after a change that failed a loss may be found that explains it: the proxies need seconds to agree. */
const lossSeenWithinMs = 10_000;

/** So often it is looked whether the interval has ended, whatever is told meanwhile. */
const longestSleepMs = 10_000;

/**
 * Intervals that are planned from the beginning, and planned anew where a region is lost or back. A change that fails is
 * tried again within its interval; after so many failures in a row the plan that verified last is put back, and the next
 * interval tries its own.
 */
export class PlannedCourse implements Course {
  private changes: readonly Change[];
  private inForce: StackPlan;
  /** What the plans leave alone. */
  private untouched: Untouched = { without: [], asTheyAre: [] };
  /** Regions that must stay as they are, and for which interval and without which regions that was asked last. */
  private asTheyAre: readonly string[] = [];
  private askedFor = '';
  /** What no plan could leave alone, and in which interval: a timer that is early, or news of a proxy, changes nothing of it. */
  private impossible: (Untouched & { readonly index: number }) | null = null;
  /** The interval in which a region came back last: it comes back once in each at the most. */
  private readonly returnedIn = new Map<string, number>();
  private position = -1;
  /** The interval whose plan came into force last. */
  private inForceFor = -1;
  private verified: Change | null = null;
  /** What stands in for the plan of the interval under way. */
  private standIn: Change | null = null;
  private failuresInARow = 0;
  /** Failures of putting back, in the interval under way. */
  private standInFailures = 0;
  private readonly clock: () => number;

  constructor(
    private readonly plans: readonly IntervalPlan[],
    private readonly options: PlannedCourseOptions,
    private readonly tell: (note: string) => void,
  ) {
    this.inForce = options.inForce;
    this.clock = options.clock ?? steadyClock();
    this.verified = options.goesOn?.verified ?? null;
    this.changes = this.changesOf(plans);
  }

  has(index: number): boolean {
    return index < this.plans.length && !this.options.stopped?.aborted;
  }

  nowMs(): number {
    return Math.round(this.clock());
  }

  ended(): void {
    this.options.stopped?.throwIfAborted();
  }

  spanOf(index: number, begunAtMs: number, inForceAtMs: number): Span {
    const lengthMs = this.options.secondsPerInterval * 1000;
    const startedAtMs = lengthMs === 0 ? inForceAtMs : begunAtMs + index * lengthMs;
    return { startedAtMs, endedAtMs: startedAtMs + lengthMs };
  }

  at(index: number): Change | undefined {
    return index === this.position && this.standIn ? this.standIn : this.changes[index];
  }

  async changedWithin(milliseconds: number): Promise<void> {
    const { losses, failures, stopped } = this.options;
    const ended = new AbortController();
    const signal = stopped ? AbortSignal.any([stopped, ended.signal]) : ended.signal;
    const ms = Math.min(milliseconds, failures?.backOff.remainingMs ?? Infinity, longestSleepMs);
    await Promise.race([longSleep(ms, signal), ...(losses ? [losses.health.changed()] : [])]);
    ended.abort();
  }

  applied(index: number, change: Change): void {
    const { plan, stackPlan, standsIn } = change;
    this.inForce = stackPlan;
    this.impossible = null;
    this.inForceFor = index;
    if (plan.held !== undefined && !standsIn)
      this.tell(`${plan.interval}: the plan in force stays: ${plan.held}`);
    if (standsIn) {
      // The next interval tries its own; until one succeeds, the failures go on in a row.
      this.options.failures?.backOff.givenUp();
      return;
    }
    this.verified = change;
    this.failuresInARow = 0;
    this.options.failures?.backOff.succeeded();
  }

  async failed(index: number, error: unknown, within: boolean): Promise<'again' | 'later'> {
    const { failures } = this.options;
    this.ended();
    if (within && this.inForceFor === index) {
      // Backup rows go on serving.
      this.tell(
        `the plan without what is lost was not applied; the next interval tries again: ${messageOf(error)}`,
      );
      return 'later';
    }
    if (await this.lossWithin(lossSeenWithinMs, index)) {
      this.tell(`a region or a cluster is lost, and the change failed; planned anew: ${messageOf(error)}`);
      return 'again';
    }
    // Nobody edits a run's copy of the stack file: what is wrong with its first plan stays so.
    if (!failures || (error instanceof StackConfigError && !this.verified)) throw error;
    this.failuresInARow += 1;
    const of = `${this.plans[index]?.interval ?? ''}: the change failed, ${this.failuresInARow} in a row`;
    if (this.standIn) this.standInFailures += 1;
    else if (this.failuresInARow >= failures.most) {
      if (!this.verified) throw error;
      this.standIn = this.standInFor(index, this.verified, messageOf(error));
      this.tell(
        `${of}; the plan that verified last is put back, and the next interval tries its own: ${messageOf(error)}`,
      );
      return 'again';
    }
    const hasBegun = index > 0 && this.options.secondsPerInterval > 0;
    if (!hasBegun && this.standInFailures >= failures.most) {
      this.tell(`${of}, putting back too; the next interval tries its own: ${messageOf(error)}`);
      return 'later';
    }
    const pauseMs = failures.backOff.failed();
    this.tell(`${of}; it is tried again in ${(pauseMs / 1000).toFixed(0)} s: ${messageOf(error)}`);
    if (hasBegun) return 'later';
    await longSleep(pauseMs, this.options.stopped);
    failures.backOff.givenUp();
    this.ended();
    return 'again';
  }

  triesAgain(): boolean {
    return this.options.failures?.backOff.waiting ?? false;
  }

  previewFailed(error: unknown): void {
    this.ended();
    if (!this.options.failures) throw error;
    this.tell(`the preview failed; the change is tried all the same: ${messageOf(error)}`);
  }

  missed(index: number): Change | null {
    return this.verified && this.standInFor(index, this.verified, 'its own did not come into force');
  }

  /** The plan that verified last, for the requests of an interval whose own plan fails. */
  private standInFor(index: number, { plan, stackPlan, asTheyAre }: Change, why: string): Change {
    const own = this.plans[index] ?? plan;
    const demand = { interval: own.interval, requestsPerSecond: demandOf(own) };
    return {
      plan: heldPlan(plan, demand, why),
      stackPlan,
      ...(asTheyAre && { asTheyAre }),
      standsIn: true,
    };
  }

  /**
   * Plans anew, in some interval, where other regions are lost or cannot be changed than those that the plans leave
   * alone; whether it did. Whether clusters answer is asked once an interval, where a region is lost or back, and where a
   * change has failed.
   */
  async lookAround(index: number): Promise<boolean> {
    if (index !== this.position) this.begin(index);
    if (await this.plannedAnew(index)) return true;
    const backOff = this.options.failures?.backOff;
    if (!backOff?.waiting || backOff.remainingMs > 0) return false;
    backOff.givenUp();
    return true;
  }

  private begin(index: number): void {
    this.position = index;
    this.standIn = null;
    this.standInFailures = 0;
    this.options.failures?.backOff.givenUp();
  }

  private async plannedAnew(index: number): Promise<boolean> {
    const { losses } = this.options;
    if (!losses) return false;
    const { lost } = losses.health;
    const returning = this.untouched.without.filter((region) => !lost.includes(region));
    const tooSoon = returning.filter((region) => this.returnedIn.get(region) === index);
    const without = [...lost, ...tooSoon].sort();
    const askFor = [index, ...without].join();
    if (this.askedFor !== askFor) {
      this.asTheyAre = await losses.asTheyAre(without);
      this.askedFor = askFor;
    }
    const asTheyAre = this.asTheyAre.filter((region) => !without.includes(region)).sort();
    const untouched = { without, asTheyAre };
    if (isDeepStrictEqual(untouched, this.untouched)) return false;
    const attempt = { ...untouched, index };
    if (isDeepStrictEqual(attempt, this.impossible)) return false;
    try {
      this.changes = this.changesOf(await losses.planAround(untouched, this.inForce), asTheyAre);
    } catch (error) {
      this.impossible = attempt;
      this.tell(`no plan ${inWords(untouched)}; the weights stay: ${messageOf(error)}`);
      return false;
    }
    if (asTheyAre.join() !== this.untouched.asTheyAre.join()) this.tell(`planned ${inWords(untouched)}`);
    for (const region of returning) this.returnedIn.set(region, index);
    this.untouched = untouched;
    this.standIn = null;
    return true;
  }

  /** Whether a region or a cluster is lost or back by now, or within some milliseconds, and the plans were made anew. */
  private async lossWithin(milliseconds: number, index: number): Promise<boolean> {
    if (!this.options.losses) return false;
    this.askedFor = '';
    if (await this.plannedAnew(index)) return true;
    await this.changedWithin(milliseconds);
    return this.plannedAnew(index);
  }

  private changesOf(planned: readonly IntervalPlan[], asTheyAre: readonly string[] = []): Change[] {
    return stackPlansOf(planned, this.options.preScaledFor).flatMap((stackPlan, index) => {
      const plan = planned[index];
      const interrupted = index === 0 && this.options.goesOn !== undefined;
      return plan ? [{ plan, stackPlan, asTheyAre, why: causeOf(plan), interrupted }] : [];
    });
  }
}

/**
 * What the stack is given for each of successive plans.
 * @param preScaledFor what each region holds, where the servers that a change takes are made ready an interval before
 */
export function stackPlansOf(
  planned: readonly IntervalPlan[],
  preScaledFor: CapacityByRegion | null,
): StackPlan[] {
  // An update of their own for the next interval's servers would find no time in a squeezed hour.
  return preScaledFor ? preScaledPlans(planned, preScaledFor) : planned.map(stackPlanOf);
}

/** Why a plan is made within its interval: another region is lost, or one is back. */
function causeOf({ without = [] }: IntervalPlan): string {
  return without.length > 0 ? `left out, because lost: ${without.join(', ')}` : 'back: no region is left out';
}

/** As in "without a (lost) and with b as it is"; pure. */
function inWords({ without, asTheyAre }: Untouched): string {
  const parts = [
    ...(without.length > 0 ? [`without ${without.join(', ')} (lost)`] : []),
    ...(asTheyAre.length > 0
      ? [
          `with ${asTheyAre.join(', ')} as they are (their cluster does not answer, or what they stand on is lost)`,
        ]
      : []),
  ];
  return parts.join(' and ') || 'with all regions';
}
