import { leastCarbonGramsPerKwh, maxCarbonGramsPerKwh } from '../traces/cells';
import { isoOf } from '../traces/time';
import { z } from 'zod';
import { faultOf, SignalError, type Fault, type FaultKind } from './fault';
import { merged, type SignalValue } from './signalValue';
import type { CarbonSource, RawPoint } from './source';

/** Three orders, less what a grid moves by itself. */
const jumpFactor = 300;

/** A source whose clock is a little ahead of ours. */
const aheadMs = 5 * 60_000;

/** A zone whose value is the same to the last digit for longer than that is no longer measured. */
const stuckSeconds = 12 * 3600;
const leastStuckValues = 6;

/** What an answer holds once it was looked at. */
export interface Checked {
  /** In the order of time, one for each period. */
  readonly actual: readonly SignalValue[];
  readonly forecast: readonly SignalValue[];
  /** What was wrong with values, the same thing once. */
  readonly faults: readonly Fault[];
}

export interface CheckContext {
  readonly source: Pick<CarbonSource, 'name' | 'method' | 'gramsPerUnit'>;
  /** As it was asked for. */
  readonly zone: string;
  readonly nowMs: number;
  /** Actual values that are known of the zone from before, in the order of time. */
  readonly known: readonly SignalValue[];
}

const time = z.iso.datetime({ offset: true });

type Judged = { readonly value: SignalValue } | { readonly fault: Fault };

/**
 * Tells values from what only looks like them. What cannot be a carbon intensity is missing, with the reason.
 * @throws SignalError where the answer is about another zone, or has no values at all
 */
export function checkPoints(points: readonly RawPoint[], context: CheckContext): Checked {
  const { source, zone, known } = context;
  const other = points.find((point) => point.zone !== zone);
  if (other) {
    throw new SignalError(
      'other zone',
      `${source.name}: the answer is about the zone ${other.zone}, asked for ${zone}; check signal.zone of the region`,
    );
  }
  if (points.length === 0) {
    throw new SignalError('no values', `${source.name}: an answer without values for the zone ${zone}`);
  }
  const judged = points.map((point) => judge(point, context));
  const faults = judged.flatMap((one) => ('fault' in one ? [one.fault] : []));
  const values = judged.flatMap((one) => ('value' in one ? [one.value] : []));

  const series = (tense: 'actual' | 'forecast'): SignalValue[] => {
    const ofTense = values.filter((value) => value.tense === tense);
    const { kept, faults: found } = inOrder(ofTense, source.name);
    faults.push(...found);
    return kept;
  };
  const [actual, forecast] = [series('actual'), series('forecast')];
  const usual = median(known.length > 0 ? known : [...actual, ...forecast]);
  const withoutJumps = (all: SignalValue[]): SignalValue[] =>
    all.filter((value) => {
      const jumps = usual !== undefined && isJump(value.gramsPerKwh, usual);
      if (jumps)
        faults.push(
          faultOf(
            'jump',
            value,
            `${value.gramsPerKwh} gCO2e/kWh, where about ${usual} is usual; another unit?`,
          ),
        );
      return !jumps;
    });
  const { moving, fault } = withoutStuck(withoutJumps(actual), known);
  if (fault) faults.push(fault);
  return { actual: moving, forecast: withoutJumps(forecast), faults: oneOfEachKind(faults) };
}

function judge(point: RawPoint, { source, zone, nowMs }: CheckContext): Judged {
  const { value, basis, tense, seconds } = point;
  const place = { source: source.name, zone };
  const fault = (kind: FaultKind, what: string): Judged => ({
    fault: faultOf(kind, { ...place, start: point.start }, what),
  });
  if (!time.safeParse(point.start).success) {
    return fault('other shape', 'no time in ISO 8601 with a zone');
  }
  const startMs = Date.parse(point.start);
  if (value === null || value === undefined) return fault('null', 'no value');
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return fault('not a number', typeof value === 'string' ? `"${value.slice(0, 20)}"` : typeof value);
  }
  // WattTime's pounds have five digits; more than that of them would be made up.
  const gramsPerKwh = Number((value * source.gramsPerUnit).toPrecision(8));
  if (value === 0) return fault('zero', '0, which stands for no value');
  if (value < 0) return fault('negative', `${value}, expected more than 0`);
  if (gramsPerKwh < leastCarbonGramsPerKwh || gramsPerKwh > maxCarbonGramsPerKwh) {
    return fault(
      'implausible',
      `${gramsPerKwh} gCO2e/kWh, expected ${leastCarbonGramsPerKwh} to ${maxCarbonGramsPerKwh}; another unit?`,
    );
  }
  if (tense === 'actual' && startMs > nowMs + aheadMs) {
    return fault('from the future', `now is ${isoOf(Math.floor(nowMs / 1000))}; is a clock wrong?`);
  }
  return {
    value: {
      zone,
      start: isoOf(startMs / 1000),
      seconds,
      gramsPerKwh,
      method: source.method,
      basis,
      tense,
      source: source.name,
      fetchedAt: isoOf(Math.floor(nowMs / 1000)),
      ...(point.recorded !== undefined && { recorded: point.recorded }),
    },
  };
}

/** Puts values in the order of time. Of a period that stands there with two values neither is taken. */
function inOrder(values: readonly SignalValue[], source: string): { kept: SignalValue[]; faults: Fault[] } {
  const faults: Fault[] = [];
  const sorted = [...values].sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  const misplaced = sorted.find((value, index) => value !== values[index]);
  const byStart = Map.groupBy(sorted, ({ start }) => start);
  if (misplaced) {
    faults.push(faultOf('out of order', { ...misplaced, source }, 'not in the order of time; put in order'));
  }
  const kept = [...byStart.values()].flatMap(([first, ...more]) => {
    if (!first || more.length === 0) return first ? [first] : [];
    const agree = more.every(({ gramsPerKwh }) => gramsPerKwh === first.gramsPerKwh);
    const all = [first, ...more].map(({ gramsPerKwh }) => gramsPerKwh).join(', ');
    faults.push(
      faultOf(
        'duplicated',
        first,
        agree
          ? `${more.length + 1} times; taken once`
          : `${all} gCO2e/kWh for one period; none of them is taken`,
      ),
    );
    return agree ? [first] : [];
  });
  return { kept, faults };
}

function isJump(value: number, usual: number): boolean {
  return value >= usual * jumpFactor || value <= usual / jumpFactor;
}

/** Takes the values out that go on with a run that has lasted too long; what was known before it grew so long stays. */
function withoutStuck(
  actual: readonly SignalValue[],
  known: readonly SignalValue[],
): { moving: readonly SignalValue[]; fault?: Fault } {
  const newest = actual.at(-1);
  if (!newest) return { moving: actual };
  const all = merged(known, actual);
  const lastOther = all.findLastIndex(({ gramsPerKwh }) => gramsPerKwh !== newest.gramsPerKwh);
  const run = all.slice(lastOther + 1);
  const since = Date.parse(run[0]?.start ?? newest.start);
  const lasted = (Date.parse(newest.start) - since) / 1000 + newest.seconds;
  if (lasted < stuckSeconds || run.length < leastStuckValues) return { moving: actual };
  return {
    moving: actual.filter(({ start }) => Date.parse(start) < since),
    fault: faultOf(
      'stuck',
      newest,
      `${newest.gramsPerKwh} gCO2e/kWh since ${isoOf(since / 1000)}, ${run.length} values in a row; no longer measured?`,
    ),
  };
}

function median(values: readonly SignalValue[]): number | undefined {
  const sorted = values.map(({ gramsPerKwh }) => gramsPerKwh).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** The newest of each kind, with how often it was so. */
function oneOfEachKind(faults: readonly Fault[]): Fault[] {
  return [...Map.groupBy(faults, ({ kind }) => kind).values()].flatMap((same) => {
    const last = same.at(-1);
    if (!last) return [];
    return same.length === 1
      ? [last]
      : [{ kind: last.kind, message: `${last.message} (and ${same.length - 1} more like it)` }];
  });
}
