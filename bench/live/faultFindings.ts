import type { TickRecord } from '../../live/tickRecord';
import type { CarbonAnswer } from './carbonReplay';
import { movedTowards } from './figures';

export interface FaultFigures {
  readonly faultIntervals: number;
  /** Of them, those whose fault, or the end of it, is in the records and in the metrics. */
  readonly faultIntervalsSeen: number;
  /** Plans by which something moved towards the region without data. */
  readonly movesTowardsFaulty: number;
}

/** What an interval with a faulty source left behind. */
export interface FaultFinding {
  readonly answer: CarbonAnswer;
  /** Where the region's value came from, by the record of the interval's last tick that read one; null without one. */
  readonly from: string | null;
  /** What became of the interval's last tick, by its record; null where there was none. */
  readonly outcome: string | null;
  /** The same two as the metrics say them, at the interval's end. */
  readonly metricFrom: string | null;
  readonly metricOutcome: string | null;
  /** What was wrong, as the records say it. */
  readonly faults: readonly string[];
}

/**
 * @param ticks of the interval
 * @param metrics as they were served at its end
 */
export function findingOf(
  answer: CarbonAnswer,
  region: string,
  ticks: readonly TickRecord[],
  metrics: string,
): FaultFinding {
  const read = ticks.findLast(({ values }) => values !== null)?.values;
  const value = read?.carbon[region];
  return {
    answer,
    from: value === undefined ? null : 'missing' in value ? 'missing' : value.from,
    outcome: ticks.at(-1)?.outcome ?? null,
    metricFrom: labelOfOne(metrics, 'casper_carbon_value_from', 'from', `region="${region}"`),
    metricOutcome: labelOfOne(metrics, 'casper_last_tick_outcome', 'outcome', ''),
    faults: read?.faults ?? [],
  };
}

/** Whether the fault is in the records and in the metrics that alerts go by; of a source that is well, that it is not. */
export function isSeen({ answer, from, outcome, metricFrom, metricOutcome, faults }: FaultFinding): boolean {
  if (from === null || from !== metricFrom || outcome === null || outcome !== metricOutcome) return false;
  return answer === 'value' ? from === 'source' : from !== 'source' && faults.length > 0;
}

/** A label of the one series of a metric that stands at 1; null where there is none. */
function labelOfOne(metrics: string, name: string, label: string, with_: string): string | null {
  const line = metrics
    .split('\n')
    .find((text) => text.startsWith(`${name}{`) && text.includes(with_) && text.endsWith('} 1'));
  return new RegExp(`[{,]${label}="([^"]*)"`).exec(line ?? '')?.[1] ?? null;
}

/**
 * What was moved towards a region while its data were bad, in words.
 * @param before plan in force as that began
 * @param ticks since then, in order
 */
export function movesTowards(
  region: string,
  before: NonNullable<TickRecord['plan']>,
  ticks: readonly TickRecord[],
  requestsPerServer: number,
): string[] {
  const moves: string[] = [];
  let inForce = before;
  for (const { plan, applied, guarded, at } of ticks) {
    if (!plan || !applied) continue;
    const move = guarded.includes(region) ? movedTowards(region, inForce, plan, requestsPerServer) : null;
    if (move !== null) moves.push(`${at}: ${move}`);
    inForce = plan;
  }
  return moves;
}
