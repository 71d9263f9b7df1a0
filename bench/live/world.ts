import type { LoadInterval } from '../../load/arrivals';
import { traceSchedule, type ScheduledInterval } from '../../load/loadSchedule';
import type { StackPlan } from '../../stack/stackConfig';
import type { Trace } from '../../traces/trace';
import type { CarbonMoment } from './carbonReplay';
import { busiestDestination } from './figures';
import { gradually } from './gradualLoad';
import type { Pace } from './liveStack';
import { positionAt, spanOf, traceTimeAt, type Replay } from './replay';
import type { Phase } from './scenario';

/** After the last interval, for the ticks that are made then. */
const tailSeconds = 600;

/** The region whose data go bad, and the plan that was in force as they did. */
export interface Faulty {
  readonly region: string;
  readonly before: StackPlan;
}

/** A trace that goes by: what the source of carbon intensity says, and what is asked of the service. */
export class World {
  readonly schedule: readonly ScheduledInterval[];
  readonly replay: Replay;
  /** Undefined until the source is first asked in an interval of faults. */
  faulty: Faulty | undefined;
  private readonly rates: readonly LoadInterval[];

  /**
   * @param from start of the first interval in the trace
   * @param beginsAtMs when it begins by the wall clock, Unix ms
   * @param planInForce what the stack file has
   */
  constructor(
    private readonly trace: Trace,
    from: string,
    private readonly phases: readonly Phase[],
    { loadShare, intervalSeconds }: Pace,
    beginsAtMs: number,
    private readonly planInForce: () => StackPlan,
  ) {
    const { regions, intervalSeconds: traceIntervalSeconds } = trace;
    this.schedule = traceSchedule(trace, from, phases.length + 1, intervalSeconds, regions);
    this.replay = { beginsAtMs, intervalSeconds, traceMs: Date.parse(from), traceIntervalSeconds };
    this.rates = gradually(this.schedule, loadShare);
  }

  /** gCO2e/kWh by region; before the first interval that one's, after the last that one's. */
  gramsOf(position: number): Record<string, number> {
    const { regions } = this.trace;
    const index = Math.min(Math.max(0, position), this.schedule.length - 1);
    const { carbonGramsPerKwh } = this.trace.at(this.schedule[index]?.interval ?? '');
    return Object.fromEntries(regions.map((region, at) => [region, carbonGramsPerKwh[at] ?? NaN]));
  }

  /** What the source knows now. Once the phases are over its clock is the wall clock. */
  sourceNow(): CarbonMoment {
    const nowMs = Date.now();
    const position = positionAt(this.replay, nowMs);
    const phase = this.phases[position];
    return {
      clockMs: phase ? traceTimeAt(this.replay, nowMs) : nowMs,
      grams: this.gramsOf(position),
      answerTo: (zone) =>
        phase?.kind === 'faults' && (phase.answer === 'nothing' || zone === this.faultyNow().region)
          ? phase.answer
          : 'value',
    };
  }

  /** What time it is in the trace, Unix ms: the clock that the source is asked by. */
  traceTimeNow(): number {
    return traceTimeAt(this.replay, Date.now());
  }

  /** Requests/s by origin that are sent at a moment. */
  ratesAt(wallMs: number): Readonly<Record<string, number>> {
    const { startedAtMs } = spanOf(this.replay, 0);
    let sinceMs = wallMs - startedAtMs;
    const step = this.rates.find(({ seconds }) => (sinceMs -= seconds * 1000) < 0);
    return (step ?? this.rates.at(-1))?.requestsPerSecond ?? {};
  }

  /** All that is sent, from now until long after the last interval. */
  load(): LoadInterval[] {
    const { beginsAtMs } = this.replay;
    const lead = { seconds: (beginsAtMs - Date.now()) / 1000, requestsPerSecond: this.ratesAt(beginsAtMs) };
    return [lead, ...this.rates, { seconds: tailSeconds, requestsPerSecond: this.ratesAt(Infinity) }];
  }

  /** The region that serves most as the faults begin. */
  private faultyNow(): Faulty {
    if (!this.faulty) {
      const before = this.planInForce();
      this.faulty = { region: busiestDestination(before), before };
    }
    return this.faulty;
  }
}
