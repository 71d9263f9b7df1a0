import { setTimeout as sleep } from 'node:timers/promises';
import type { BackOff } from '../driver/backOff';
import type { Change, Course, Span } from '../driver/course';
import { messageOf } from '../driver/messageOf';
import type { RegionHealth } from '../driver/proxyHealth';
import type { Applied } from '../driver/reconcile';
import type { IntervalPlan } from '../planning/intervalPlan';
import { demandOf, heldPlan } from '../planning/heldPlan';
import type { StackPlan } from '../stack/stackConfig';
import { readStackFile, readStackSettings, writeStackPlan } from '../stack/stackFile';
import type { DemandWatch } from './demandWatch';
import { describedAsItIs } from './followDemand';
import { intervalAt, type LiveInterval } from './liveInterval';
import { planTick, type LivePlanning } from './planTick';
import type { Throttled, ThrottleWatch } from './throttleWatch';
import { appliedIn, heldIn, type TickRecord } from './tickRecord';

/** What a live run goes by besides the clock. */
export interface LiveRun {
  readonly planning: LivePlanning;
  readonly health: RegionHealth;
  readonly watch: Pick<DemandWatch, 'outOfBand' | 'changed' | 'plannedFor'>;
  /** Nothing is known of throttled pods when absent. */
  readonly throttling?: Pick<ThrottleWatch, 'throttled' | 'changed' | 'planInForce'>;
  /** Intervals after which the run ends; Infinity for none. */
  readonly intervals: number;
  /** Ends the run once the update under way is done. */
  readonly stopped: AbortSignal;
  readonly onTick: (tick: TickRecord) => void;
  /** When a tick that failed or was held is tried again. */
  readonly backOff: BackOff;
  /** A clock that nobody sets, in ms. */
  readonly steadyMs: () => number;
  /** So many changes that fail in a row, over intervals too, and the plan that verified last is put back. */
  readonly mostFailures: number;
  /** When demand alone has asked for changes, in the hour before the run, by that clock; never when absent. */
  readonly demandChangesMs?: readonly number[];
}

/** Why a tick is made. */
interface Cause {
  readonly kind: 'clock' | 'loss' | 'demand' | 'throttled' | 'retry';
  readonly text: string;
}

type Made = Awaited<ReturnType<typeof planTick>>;
type Planned = Extract<Made, { kind: 'planned' }>;
type Held = Extract<Made, { kind: 'held' }>;

/** A plan that may be put back; where it was there before the run, nothing is known of it but that. */
interface Verified {
  readonly plan: IntervalPlan | null;
  readonly stackPlan: StackPlan;
}

/** A tick that is under way. */
interface Started {
  readonly at: string;
  readonly cause: Cause;
  readonly made: Planned | Held | null;
}

const hourMs = 3600_000;
/** As long as nothing is told of, so often is looked whether there is cause for a tick. */
const longestSleepMs = 10_000;

/**
 * Intervals of the wall clock, each planned as it begins from what is then known, and planned anew where evidence asks
 * for it: a region that is lost or back, demand out of the band, throttled pods. A tick that fails is told, counted and
 * tried again.
 */
export class LiveCourse implements Course {
  private position = -1;
  private sleeping = new AbortController();
  private readonly awaited = new WeakSet<Promise<unknown>>();
  private span: LiveInterval;
  private seconds: number;
  private change: Change | undefined;
  private started: Started | undefined;
  private without: readonly string[] = [];
  /** The interval in which a region came back last: it comes back once in each at the most. */
  private readonly returnedIn = new Map<string, number>();
  /** When demand, or throttled pods, alone asked for a change that was applied. */
  private demandChangesMs: readonly number[];
  /** What came into force last, and was read back; null where that serves nobody, or is not known. */
  private verified: Verified | null;
  /** Changes that failed in a row; putting back is not counted. */
  private failuresInARow = 0;
  /** Reasons that were told last, so that they are told once; noted they are once an interval. */
  private toldReasons = '';
  private notedReasons = '';

  constructor(
    private readonly run: LiveRun,
    private readonly tell: (note: string) => void,
  ) {
    const { configFile, surroundings } = run.planning;
    this.seconds = readStackSettings(configFile).live.intervalSeconds;
    this.span = intervalAt(surroundings.nowMs(), this.seconds);
    this.demandChangesMs = run.demandChangesMs ?? [];
    this.verified = verifiedIn(configFile);
    run.stopped.addEventListener('abort', () => {
      this.sleeping.abort();
    });
  }

  has(index: number): boolean {
    return index < this.run.intervals && !this.run.stopped.aborted;
  }

  spanOf(): Span {
    return this.span;
  }

  at(index: number): Change | undefined {
    return index === this.position ? this.change : undefined;
  }

  async changedWithin(milliseconds: number): Promise<void> {
    this.wakeAfter(this.run.health.changed());
    this.wakeAfter(this.run.watch.changed());
    if (this.run.throttling) this.wakeAfter(this.run.throttling.changed());
    if (this.run.stopped.aborted) return;
    const { signal } = (this.sleeping = new AbortController());
    const ms = Math.min(milliseconds, this.run.backOff.remainingMs, longestSleepMs);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }

  /** Once for each promise: one that nothing happens to for days would otherwise keep all who have waited for it. */
  private wakeAfter(change: Promise<unknown>): void {
    if (this.awaited.has(change)) return;
    this.awaited.add(change);
    void change.then(() => {
      this.sleeping.abort();
    });
  }

  async lookAround(index: number): Promise<boolean> {
    const cause = this.causeOf(index);
    if (!cause) return false;
    const { planning } = this.run;
    const at = new Date(this.nowMs()).toISOString();
    this.started = { at, cause, made: null };
    try {
      if (index !== this.position) this.begin(index);
      const { band } = readStackSettings(planning.configFile).live;
      // A window that began before the evidence would show half of it.
      const windowSeconds = isOfDemand(cause) ? band.windowSeconds : undefined;
      const made = await planTick(planning, { without: this.without, windowSeconds });
      if (made.kind === 'held') {
        return this.held(made, cause, at);
      }
      this.started = { at, cause, made };
      const { plan, stackPlan, values, asTheyAre } = made;
      this.change = { plan, stackPlan, values, asTheyAre, why: cause.text };
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  applied(_: number, { plan, stackPlan, standsIn }: Change, applied: Applied): void {
    if (standsIn) {
      this.putBack(stackPlan, applied);
      return;
    }
    this.verified = { plan, stackPlan };
    this.failuresInARow = 0;
    this.run.watch.plannedFor(plannedRates(plan));
    this.run.throttling?.planInForce();
    const { cause, made } = this.started ?? {};
    if (made?.kind === 'held') {
      this.countDemandChange();
      this.later();
      this.note({
        forDemand: true,
        ...{ ...heldIn(made), reasons: reasonsOf(made), values: made.values, guarded: [] },
        ...{ plan: stackPlan, planSeconds: made.seconds, applied: appliedIn(applied).applied },
      });
      return;
    }
    const forDemand = cause !== undefined && isOfDemand(cause);
    if (forDemand) this.countDemandChange();
    this.succeeded();
    const { values = null, guarded = [], seconds = null, moved = null } = made ?? {};
    this.note({
      ...{ reasons: [], heldBy: null, values, guarded, plan: stackPlan, planSeconds: seconds },
      ...(moved && { moved }),
      ...(forDemand && { forDemand }),
      ...appliedIn(applied),
    });
  }

  /**
   * The file has the plan that verified last again: what is planned next goes by that, and so does who starts anew. After
   * so many failures it is put into force too, and the next interval, or evidence, tries a plan of its own.
   */
  failed(_: number, error: unknown): Promise<'again' | 'later'> {
    const tried = this.change;
    const { verified } = this;
    this.fail(error);
    if (!verified) return Promise.resolve('later');
    const isBack = this.writeBack(verified.stackPlan);
    if (!tried || tried.standsIn) return Promise.resolve('later');
    this.failuresInARow += 1;
    if (!isBack || this.failuresInARow < this.run.mostFailures) return Promise.resolve('later');
    this.tell(`${this.failuresInARow} changes failed in a row; the plan that verified last is put back`);
    this.change = this.standInFor(tried.plan, verified, messageOf(error));
    return Promise.resolve('again');
  }

  /** Whether it could: the file may be in the midst of being edited, or the disk full, and neither ends the run. */
  private writeBack(stackPlan: StackPlan): boolean {
    try {
      writeStackPlan(this.run.planning.configFile, stackPlan);
      return true;
    } catch (error) {
      this.tell(`the plan that verified last could not be written back: ${messageOf(error)}`);
      return false;
    }
  }

  /** The plan that verified last, for the requests that the one that failed was made for. */
  private standInFor(failed: IntervalPlan, { plan, stackPlan }: Verified, why: string): Change {
    const { configFile, latencies, optionsOf } = this.run.planning;
    const inForce = plan ?? describedAsItIs(stackPlan, latencies, optionsOf(readStackSettings(configFile)));
    const demand = { interval: failed.interval, requestsPerSecond: demandOf(failed) };
    return { plan: heldPlan(inForce, demand, why), stackPlan, standsIn: true };
  }

  private putBack(stackPlan: StackPlan, applied: Applied): void {
    this.run.backOff.givenUp();
    // Demand that is out of the band still would ask for the same change again, at once and without end.
    this.countDemandChange();
    this.note({
      forDemand: true,
      ...{ outcome: 'failed', heldBy: null, reasons: ['the plan that verified last was put back'] },
      ...{ values: null, guarded: [], plan: stackPlan, planSeconds: null },
      applied: appliedIn(applied).applied,
    });
  }

  private countDemandChange(): void {
    this.demandChangesMs = [...this.demandChangesMs, this.run.steadyMs()];
  }

  private begin(index: number): void {
    this.position = index;
    this.change = undefined;
    // By the length before, should the file be one that cannot be read just now.
    this.span = intervalAt(this.nowMs(), this.seconds);
    this.seconds = readStackSettings(this.run.planning.configFile).live.intervalSeconds;
    this.span = intervalAt(this.nowMs(), this.seconds);
  }

  /** Why a tick is to be made now; null where there is no cause. Notes which regions it is to leave out. */
  private causeOf(index: number): Cause | null {
    const { lost } = this.run.health;
    const returning = this.without.filter((region) => !lost.includes(region));
    const tooSoon = returning.filter((region) => this.returnedIn.get(region) === index);
    const without = [...new Set([...lost, ...tooSoon])].sort();
    const changed = without.join() !== this.without.join();
    if (changed) {
      for (const region of returning.filter((name) => !without.includes(name))) {
        this.returnedIn.set(region, index);
      }
      this.without = without;
    }
    if (index !== this.position) {
      return { kind: 'clock', text: index === 0 ? 'the run begins' : 'the interval begins' };
    }
    if (changed) {
      const text =
        without.length > 0 ? `left out, because lost: ${without.join(', ')}` : 'back: no region is left out';
      return { kind: 'loss', text };
    }
    const { backOff } = this.run;
    if (backOff.waiting) return backOff.remainingMs > 0 ? null : { kind: 'retry', text: 'tried again' };
    const [first] = this.run.watch.outOfBand;
    const [throttled] = this.run.throttling?.throttled ?? [];
    if (!(first ?? throttled) || !this.demandMayChange()) return null;
    if (!first) return throttled ? throttledCause(throttled) : null;
    const { origin, requestsPerSecond, planned } = first;
    return {
      kind: 'demand',
      text: `${origin} sends ${requestsPerSecond.toFixed(1)} requests/s, and ${planned} are planned`,
    };
  }

  private demandMayChange(): boolean {
    const sinceMs = this.run.steadyMs() - hourMs;
    this.demandChangesMs = this.demandChangesMs.filter((atMs) => atMs > sinceMs);
    try {
      const { live } = readStackSettings(this.run.planning.configFile);
      return this.demandChangesMs.length < live.mostChangesAnHour;
    } catch {
      // The next tick tells what is wrong with the file.
      return false;
    }
  }

  /** Whether there is something to apply all the same: servers that follow demand. */
  private held(made: Held, cause: Cause, at: string): boolean {
    const { reasons, values, seconds, followed } = made;
    this.later();
    if (followed && this.demandMayChange()) {
      const { plan, stackPlan, why } = followed;
      this.tell(`the plan in force stays: ${reasonsOf(made).join('; ')}`);
      this.started = { at, cause, made };
      this.change = { plan, stackPlan, ...(values && { values }), why };
      return true;
    }
    const told = reasons.join();
    if (told !== this.toldReasons) this.tell(`the plan in force stays: ${reasons.join('; ')}`);
    this.toldReasons = told;
    const noted = `${this.span.start} ${told}`;
    if (noted === this.notedReasons) return false;
    this.notedReasons = noted;
    this.note({
      ...{ ...heldIn(made), reasons, values, planSeconds: values && seconds },
      ...{ guarded: [], plan: null, applied: null },
    });
    return false;
  }

  private fail(error: unknown): void {
    const seconds = (this.later() / 1000).toFixed(0);
    this.tell(`a tick failed, and is tried again in ${seconds} s: ${messageOf(error)}`);
    const { made } = this.started ?? {};
    const { values = null, seconds: planSeconds = null } = made ?? {};
    const { guarded, stackPlan } = made?.kind === 'planned' ? made : { guarded: [], stackPlan: null };
    this.note({
      ...{ outcome: 'failed', heldBy: null, reasons: [messageOf(error)] },
      ...{ values, guarded, plan: stackPlan, planSeconds, applied: null },
    });
  }

  /** Drops what was planned. @returns the pause before the next try, in ms */
  private later(): number {
    this.change = undefined;
    return this.run.backOff.failed();
  }

  private succeeded(): void {
    this.run.backOff.succeeded();
    this.toldReasons = '';
    this.notedReasons = '';
  }

  private note(tick: Omit<TickRecord, 'at' | 'interval' | 'intervalSeconds' | 'why'>): void {
    const { at, cause } = this.started ?? { at: '', cause: { text: '' } };
    const { start: interval } = this.span;
    this.run.onTick({ at, interval, intervalSeconds: this.seconds, why: cause.text, ...tick });
  }

  /** The wall clock, by which intervals begin. */
  nowMs(): number {
    return this.run.planning.surroundings.nowMs();
  }
}

/** The plan of a stack file, where it can be in force. */
function verifiedIn(configFile: string): Verified | null {
  try {
    return { plan: null, stackPlan: readStackFile(configFile).plan };
  } catch {
    // One of a stack that is new serves nobody; what is wrong with a file the first tick tells.
    return null;
  }
}

/** What `mostChangesAnHour` bounds. */
function isOfDemand({ kind }: Cause): boolean {
  return kind === 'demand' || kind === 'throttled';
}

function throttledCause({ region, percent }: Throttled): Cause {
  const text = `pods of ${region} were throttled in ${percent.toFixed(0)} % of the kernel's periods`;
  return { kind: 'throttled', text };
}

/** Why a plan is held, and what is done all the same. */
function reasonsOf({ reasons, followed }: Held): string[] {
  return [...reasons, ...(followed ? [followed.why] : [])];
}

/** Requests/s that a plan is made for, by origin. */
function plannedRates({ regions, requests }: IntervalPlan): Record<string, number> {
  return Object.fromEntries(
    regions.map((origin) => [
      origin,
      Object.values(requests[origin] ?? {}).reduce((sum, count) => sum + count, 0),
    ]),
  );
}
