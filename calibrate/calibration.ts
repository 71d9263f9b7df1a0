import { messageOf } from '../driver/messageOf';
import type { Step } from '../driver/step';
import { failedAtClient, type LoadSummary } from '../load/requestLog';
import { isUnknown, type Unknown } from '../observe/unknown';
import { CalibrationError } from './calibrationError';
import { findKnee, KneeError, type Verdict } from './findKnee';

/** What a calibration does to a region; regionUnderTest.ts does it to a real one. */
export interface RegionParts {
  /**
   * Gives its pods so much CPU together, in millicores, and waits until they answer again.
   * @returns what people should know of it; empty for nothing
   */
  readonly resize: (millicores: number) => Promise<string>;
  /** Gives them what the plan says. */
  readonly restore: () => Promise<string>;
  /** Waits until it answers within the target again. */
  readonly settle: () => Promise<void>;
  /** Sends so many requests/s, for some seconds that count after some that do not. */
  readonly send: (rate: number, seconds: number, seed: number) => Promise<Sent>;
  /** CPU time that its pods have used. Throws where they do not have the CPU that they were given last. */
  readonly cpuSeconds: () => Promise<number | Unknown>;
}

export interface Sent {
  /** Of the seconds that count. */
  readonly counted: LoadSummary;
  /** Answers in all seconds, and how many seconds these were. */
  readonly answered: number;
  readonly seconds: number;
}

export const percentiles = ['50', '95', '99'] as const;

export interface CalibrationOptions {
  readonly region: string;
  /** CPU limits of the region, ascending. */
  readonly millicores: readonly number[];
  /** How often each limit is searched; each time with other arrivals. */
  readonly rounds: number;
  /** From when a request was due to its last byte. */
  readonly latencyMs: number;
  readonly percentile: (typeof percentiles)[number];
  /** That count of every rate that is tried. */
  readonly seconds: number;
  readonly seed: number;
  /** Requests/s that the stack file says of a limit: where the first search begins. */
  readonly believed: (millicores: number) => number;
  readonly signal: AbortSignal;
}

/** One rate at one limit. */
export interface CalibrationStep {
  readonly millicores: number;
  readonly round: number;
  readonly requestsPerSecond: number;
  /** At the percentile that is asked for; null without answers. */
  readonly latencyMs: number | null;
  readonly failed: number;
  /** How late requests left, at the same percentile. */
  readonly lateMs: number | null;
  readonly answeredPerSecond: number;
  readonly cpuMillicores: number | Unknown;
  readonly verdict: Verdict;
}

/** Where the target breaks at a limit, in requests/s. */
export interface FoundKnee {
  readonly millicores: number;
  readonly round: number;
  readonly kept: number;
  readonly broken: number;
  /** CPU used at the rate that was kept. */
  readonly cpuMillicores: number | Unknown;
}

export interface Calibration {
  readonly knees: readonly FoundKnee[];
  readonly steps: readonly CalibrationStep[];
  readonly notes: readonly string[];
}

/** Rates are found to 5 %: less than runs on a shared machine differ by. */
const resolution = 0.05;
/** A search that knows nothing doubles; one that knows what a limit carried, or what a smaller one did, looks around it. */
const unknownGrowth = 2;
const knownGrowth = 1.25;
const belowKnown = 0.85;
/** Requests of the least rate in a step: the 99th percentile is then the slowest of them. */
const fewestRequests = 20;
/** What the generator sends from one machine with some room to spare, in requests/s. */
const mostRequestsPerSecond = 10_000;
/** The target is broken by this machine and not by the region where requests leave later than this share of it. */
const lateShare = 1 / 4;

/**
 * Finds, limit by limit and round by round, the highest rate that the region keeps its latency target at, and gives it
 * back the plan's CPU, whatever happens.
 * @param tell is told every step
 * @throws CalibrationError also where the signal ends it
 */
export async function calibrate(
  parts: RegionParts,
  options: CalibrationOptions,
  step: Step,
  tell: (taken: CalibrationStep) => void,
): Promise<Calibration> {
  const { region, signal } = options;
  const notes: string[] = [];
  const note = (text: string): void => {
    if (text !== '') notes.push(text);
  };
  let failure: { readonly error: unknown } | undefined;
  let found: Omit<Calibration, 'notes'> | undefined;
  try {
    found = await searches(parts, options, step, tell, note);
  } catch (error) {
    failure = {
      error: signal.aborted
        ? new CalibrationError(`ended by a signal; what was measured of ${region} is left out`)
        : error,
    };
  }
  try {
    note(await step(`giving ${region} its planned CPU`, () => parts.restore()));
  } catch (error) {
    const before = failure ? `${messageOf(failure.error)}\nand ` : '';
    throw new CalibrationError(
      `${before}${region} does not have its planned CPU: ${messageOf(error)}; \`casper verify --fix\` gives it back`,
    );
  }
  if (failure) throw failure.error;
  return { knees: found?.knees ?? [], steps: found?.steps ?? [], notes };
}

async function searches(
  parts: RegionParts,
  options: CalibrationOptions,
  step: Step,
  tell: (taken: CalibrationStep) => void,
  note: (text: string) => void,
): Promise<Omit<Calibration, 'notes'>> {
  const { region, rounds, seconds, seed, believed, signal } = options;
  const knees: FoundKnee[] = [];
  const steps: CalibrationStep[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const millicores of options.millicores) {
      signal.throwIfAborted();
      note(await step(`giving ${region} ${millicores}m`, () => parts.resize(millicores)));
      const cpu = await CpuMeter.start(parts);
      const measure = async (requestsPerSecond: number): Promise<Verdict> => {
        signal.throwIfAborted();
        const sent = await parts.send(requestsPerSecond, seconds, seed + steps.length);
        signal.throwIfAborted();
        const cpuMillicores = await cpu.since(sent.seconds);
        const taken = {
          ...{ millicores, round, requestsPerSecond, cpuMillicores },
          ...judged(sent, options),
        };
        steps.push(taken);
        tell(taken);
        if (taken.verdict !== 'kept') {
          await parts.settle();
          // What was left of the overload is none of the next rate's.
          await cpu.beginAnew();
        }
        return taken.verdict;
      };
      const expected = expectedOf(knees, millicores);
      try {
        const knee = await findKnee(measure, {
          start: expected === undefined ? believed(millicores) : expected * belowKnown,
          growth: expected === undefined ? unknownGrowth : knownGrowth,
          least: Math.max(1, fewestRequests / seconds),
          most: mostRequestsPerSecond,
          resolution,
        });
        const last = steps.findLast(
          ({ verdict, requestsPerSecond }) => verdict === 'kept' && requestsPerSecond === knee.kept,
        );
        knees.push({
          millicores,
          round,
          ...knee,
          cpuMillicores: last?.cpuMillicores ?? { unknown: 'not measured' },
        });
      } catch (error) {
        if (!(error instanceof KneeError)) throw error;
        throw new CalibrationError(`${region} at ${millicores}m: ${error.message}`);
      }
    }
  }
  return { knees, steps };
}

/** What a limit is expected to carry: what it did in the round before, or what the limit before did, in proportion. */
function expectedOf(knees: readonly FoundKnee[], millicores: number): number | undefined {
  const known = knees.findLast((knee) => knee.millicores === millicores) ?? knees.at(-1);
  return known && (known.kept * millicores) / known.millicores;
}

/** What became of a step's requests. */
function judged(
  { counted, answered, seconds }: Sent,
  { latencyMs: targetMs, percentile }: CalibrationOptions,
): Pick<CalibrationStep, 'latencyMs' | 'failed' | 'lateMs' | 'answeredPerSecond' | 'verdict'> {
  const latencyMs = counted.latencyMs?.[`p${percentile}`] ?? null;
  const lateMs = counted.lateMs?.[`p${percentile}`] ?? null;
  const failed = failedAtClient(counted);
  const kept = failed === 0 && latencyMs !== null && latencyMs <= targetMs;
  const late = lateMs === null || lateMs > targetMs * lateShare;
  const verdict = kept ? 'kept' : late ? 'late' : 'broken';
  return { latencyMs, lateMs, failed, answeredPerSecond: answered / seconds, verdict };
}

/** CPU that a region uses from one reading to the next. */
class CpuMeter {
  private constructor(
    private readonly parts: RegionParts,
    private last: number | Unknown,
    /** CPU time of a reading itself, in seconds: it is a process in the pod. */
    private readonly cost: number,
  ) {}

  static async start(parts: RegionParts): Promise<CpuMeter> {
    const first = await parts.cpuSeconds();
    const second = isUnknown(first) ? first : await parts.cpuSeconds();
    const cost = isUnknown(first) || isUnknown(second) ? 0 : Math.max(0, second - first);
    return new CpuMeter(parts, second, cost);
  }

  async beginAnew(): Promise<void> {
    this.last = await this.parts.cpuSeconds();
  }

  /** CPU used since the last reading in millicores, over so many seconds of load. */
  async since(seconds: number): Promise<number | Unknown> {
    const before = this.last;
    const now = await this.parts.cpuSeconds();
    this.last = now;
    if (isUnknown(before)) return before;
    if (isUnknown(now)) return now;
    if (now < before) return { unknown: 'its pods were started anew' };
    return (Math.max(0, now - before - this.cost) / seconds) * 1000;
  }
}
