import { setTimeout as sleep } from 'node:timers/promises';
import { preScaledPlans } from '../planning/preScaling';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import type { CapacityByRegion } from '../stack/capacity';
import type { Change, Course, Span } from './course';
import { messageOf } from './messageOf';
import type { RegionHealth } from './proxyHealth';

/** What a run needs to go on without regions that are lost. */
export interface Losses {
  readonly health: RegionHealth;
  /**
   * The plans of all of the run's intervals without some regions.
   * @throws InfeasibleError, NoRegionError where nobody is left to serve
   */
  readonly planWithout: (lost: readonly string[]) => Promise<readonly IntervalPlan[]>;
}

export interface PlannedCourseOptions {
  /** Each interval begins this long after the one before, or once that one's plan is applied; 0 waits for nothing. */
  readonly secondsPerInterval: number;
  /** What each region holds, where the servers that a change takes are made ready an interval before; null where not. */
  readonly preScaledFor: CapacityByRegion | null;
  /** How the run goes on without regions that are lost; it keeps to its plans when absent. */
  readonly losses?: Losses | undefined;
}

/** How long after a change that failed a loss may be found that explains it: the proxies need seconds to agree. */
const lossSeenWithinMs = 10_000;

/** Intervals that are planned from the beginning, and planned anew where a region is lost or back. */
export class PlannedCourse implements Course {
  private changes: readonly Change[];
  private without: readonly string[] = [];
  /** The interval in which a region came back last: it comes back once in each at the most. */
  private readonly returnedIn = new Map<string, number>();

  constructor(
    private readonly plans: readonly IntervalPlan[],
    private readonly options: PlannedCourseOptions,
    private readonly tell: (note: string) => void,
  ) {
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

  /** Where that fails within the interval, backup rows go on serving, and the next interval tries again. */
  async failed(index: number, error: unknown, within: boolean): Promise<'again' | 'later'> {
    if (within) {
      this.tell(
        `the plan without what is lost was not applied; the next interval tries again: ${messageOf(error)}`,
      );
      return 'later';
    }
    if (!(await this.lossWithin(lossSeenWithinMs, index))) throw error;
    this.tell(`a region is lost, and its change failed; planned anew: ${messageOf(error)}`);
    return 'again';
  }

  /** Plans anew, in some interval, where other regions are lost than those that the plans leave out; whether it did. */
  async lookAround(index: number): Promise<boolean> {
    const { losses } = this.options;
    if (!losses) return false;
    const { lost } = losses.health;
    const returning = this.without.filter((region) => !lost.includes(region));
    const tooSoon = returning.filter((region) => this.returnedIn.get(region) === index);
    const without = [...lost, ...tooSoon].sort();
    if (without.join() === this.without.join()) return false;
    try {
      this.changes = this.changesOf(await losses.planWithout(without));
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

  /** Whether a region is lost or back by now, or within some milliseconds, and the plans were made anew. */
  private async lossWithin(milliseconds: number, index: number): Promise<boolean> {
    if (!this.options.losses) return false;
    if (await this.lookAround(index)) return true;
    await this.changedWithin(milliseconds);
    return this.lookAround(index);
  }

  private changesOf(planned: readonly IntervalPlan[]): Change[] {
    const { preScaledFor } = this.options;
    // An update of their own for the next interval's servers would find no time in a squeezed hour.
    const stackPlans = preScaledFor ? preScaledPlans(planned, preScaledFor) : planned.map(stackPlanOf);
    return stackPlans.flatMap((stackPlan, index) => {
      const plan = planned[index];
      return plan ? [{ plan, stackPlan, why: causeOf(plan) }] : [];
    });
  }
}

/** Why a plan is made within its interval: another region is lost, or one is back. */
function causeOf({ without = [] }: IntervalPlan): string {
  return without.length > 0 ? `left out, because lost: ${without.join(', ')}` : 'back: no region is left out';
}
