import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Untouched } from '../planning/leftOut';
import { preScaledPlans } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import type { CapacityByRegion } from '../stack/capacity';
import type { StackPlan } from '../stack/stackConfig';
import type { Change, Course, Span } from './course';
import { messageOf } from './messageOf';
import type { RegionHealth } from './proxyHealth';

/** What a run needs to go on without regions that are lost. */
export interface Losses {
  readonly health: RegionHealth;
  /** Regions in clusters that do not answer. */
  readonly unreachable: () => Promise<readonly string[]>;
  /**
   * The plans of all of the run's intervals where some regions cannot be changed.
   * @throws InfeasibleError, NoRegionError where nobody is left to serve
   */
  readonly planAround: (untouched: Untouched, inForce: StackPlan) => Promise<readonly IntervalPlan[]>;
}

export interface PlannedCourseOptions {
  /** Each interval begins this long after the one before, or once that one's plan is applied; 0 waits for nothing. */
  readonly secondsPerInterval: number;
  /** What each region holds, where the servers that a change takes are made ready an interval before; null where not. */
  readonly preScaledFor: CapacityByRegion | null;
  /** How the run goes on without regions that are lost; it keeps to its plans when absent. */
  readonly losses?: Losses | undefined;
  /** The plan that is in force when the run begins. */
  readonly inForce: StackPlan;
}

/** How long after a change that failed a loss may be found that explains it: the proxies need seconds to agree. */
const lossSeenWithinMs = 10_000;

/** Intervals that are planned from the beginning, and planned anew where a region is lost or back. */
export class PlannedCourse implements Course {
  private changes: readonly Change[];
  private inForce: StackPlan;
  /** What the plans leave alone. */
  private untouched: Untouched = { without: [], asTheyAre: [] };
  private unreachable: readonly string[] = [];
  /** The interval for which was looked last whether the clusters answer. */
  private reachedFor = -1;
  /** What no plan could leave alone, and in which interval: a timer that is early, or news of a proxy, changes nothing of it. */
  private impossible: (Untouched & { readonly index: number }) | null = null;
  /** The interval in which a region came back last: it comes back once in each at the most. */
  private readonly returnedIn = new Map<string, number>();

  constructor(
    private readonly plans: readonly IntervalPlan[],
    private readonly options: PlannedCourseOptions,
    private readonly tell: (note: string) => void,
  ) {
    this.inForce = options.inForce;
    this.changes = this.changesOf(plans);
  }

  has(index: number): boolean {
    return index < this.plans.length;
  }

  spanOf(index: number, begunAtMs: number, inForceAtMs: number): Span {
    const lengthMs = this.options.secondsPerInterval * 1000;
    const startedAtMs = lengthMs === 0 ? inForceAtMs : begunAtMs + index * lengthMs;
    return { startedAtMs, endedAtMs: startedAtMs + lengthMs };
  }

  at(index: number): Change | undefined {
    return this.changes[index];
  }

  async changedWithin(milliseconds: number): Promise<void> {
    const { losses } = this.options;
    const ended = new AbortController();
    const time = sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
    await Promise.race([time, ...(losses ? [losses.health.changed()] : [])]);
    ended.abort();
  }

  applied(_: number, { stackPlan }: Change): void {
    this.inForce = stackPlan;
    this.impossible = null;
  }

  /** Where that fails within the interval, backup rows go on serving, and the next interval tries again. */
  async failed(index: number, error: unknown, within: boolean): Promise<'again' | 'later'> {
    if (within) {
      this.tell(
        `the plan without what is lost was not applied; the next interval tries again: ${messageOf(error)}`,
      );
      return 'later';
    }
    if (!(await this.lossWithin(lossSeenWithinMs, index))) throw error;
    this.tell(`a region or a cluster is lost, and the change failed; planned anew: ${messageOf(error)}`);
    return 'again';
  }

  /**
   * Plans anew, in some interval, where other regions are lost or cannot be changed than those that the plans leave
   * alone; whether it did. Whether clusters answer is asked once an interval, and where a change has failed.
   */
  async lookAround(index: number): Promise<boolean> {
    const { losses } = this.options;
    if (!losses) return false;
    if (this.reachedFor !== index) {
      this.unreachable = await losses.unreachable();
      this.reachedFor = index;
    }
    const { lost } = losses.health;
    const returning = this.untouched.without.filter((region) => !lost.includes(region));
    const tooSoon = returning.filter((region) => this.returnedIn.get(region) === index);
    const without = [...lost, ...tooSoon].sort();
    const asTheyAre = this.unreachable.filter((region) => !without.includes(region)).sort();
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
    return true;
  }

  /** Whether a region or a cluster is lost or back by now, or within some milliseconds, and the plans were made anew. */
  private async lossWithin(milliseconds: number, index: number): Promise<boolean> {
    if (!this.options.losses) return false;
    this.reachedFor = -1;
    if (await this.lookAround(index)) return true;
    await this.changedWithin(milliseconds);
    return this.lookAround(index);
  }

  private changesOf(planned: readonly IntervalPlan[], asTheyAre: readonly string[] = []): Change[] {
    const { preScaledFor } = this.options;
    // An update of their own for the next interval's servers would find no time in a squeezed hour.
    const stackPlans = preScaledFor ? preScaledPlans(planned, preScaledFor) : planned.map(stackPlanOf);
    return stackPlans.flatMap((stackPlan, index) => {
      const plan = planned[index];
      return plan ? [{ plan, stackPlan, asTheyAre, why: causeOf(plan) }] : [];
    });
  }
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
      ? [`with ${asTheyAre.join(', ')} as they are (their cluster does not answer)`]
      : []),
  ];
  return parts.join(' and ') || 'with all regions';
}
