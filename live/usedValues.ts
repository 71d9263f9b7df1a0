import type { Origin } from '../signals/chooseValue';
import type { RegionSignal } from '../signals/readSignals';
import { describeMethod } from '../signals/signalValue';
import type { Missing } from '../traces/cells';

/** A region's carbon intensity as a plan was made from it. */
export interface UsedCarbon {
  /** Of a kWh of servers: the grid's times the region's PUE, where that is counted. */
  readonly gramsPerKwh: number;
  /** The grid's own; absent where no PUE is counted. */
  readonly gridGramsPerKwh?: number;
  /** Power of the site over power of its servers; absent where it is not counted. */
  readonly pue?: number;
  readonly from: Origin;
  readonly source: string;
  readonly zone: string;
  readonly method: string;
  readonly basis: string;
  /** Start of the value's period, ISO 8601. */
  readonly start: string;
  readonly fetchedAt: string;
  readonly ageSeconds: number;
  /** Of a recorded value: the start of the period that it was recorded of, ISO 8601. */
  readonly recorded?: string;
}

/** An origin's demand as a plan was made from it. */
export interface UsedDemand {
  /** Before the margin. */
  readonly requestsPerSecond: number;
  readonly from: 'measured' | 'lastKnown' | 'forecast';
  readonly ageSeconds: number;
  /** What Prometheus has, where a forecast was taken in its place; null where it has nothing. */
  readonly measured: number | null;
}

/** Everything that a plan was made from, by region, and what was wrong with it. */
export interface UsedValues {
  readonly carbon: Readonly<Record<string, UsedCarbon | Missing>>;
  readonly demand: Readonly<Record<string, UsedDemand | Missing>>;
  readonly faults: readonly string[];
}

/** @param pue of the region; undefined where it is not counted */
export function usedCarbon(
  { signal, source, zone }: RegionSignal,
  pue: number | undefined,
): UsedCarbon | Missing {
  if ('missing' in signal) return signal;
  const { value, from, ageSeconds } = signal;
  return {
    gramsPerKwh: value.gramsPerKwh * (pue ?? 1),
    ...(pue !== undefined && { gridGramsPerKwh: value.gramsPerKwh, pue }),
    ...{ from, source, zone, ageSeconds },
    method: describeMethod(value.method),
    basis: value.basis,
    start: value.start,
    fetchedAt: value.fetchedAt,
    ...(value.recorded !== undefined && { recorded: value.recorded }),
  };
}

/**
 * Regions and origins without a value, each with the reason.
 * @param without regions that get no requests, of which no carbon intensity is needed
 */
export function missingIn({ carbon, demand }: UsedValues, without: readonly string[]): string[] {
  return [
    ...Object.entries(carbon).flatMap(([region, value]) =>
      'missing' in value && !without.includes(region)
        ? [`carbon intensity of ${region}: ${value.missing}`]
        : [],
    ),
    ...Object.entries(demand).flatMap(([origin, value]) =>
      'missing' in value ? [`demand of ${origin}: ${value.missing}`] : [],
    ),
  ];
}

/** Regions whose carbon intensity is another than the source's own of now. */
export function standIns({ carbon }: UsedValues): string[] {
  return Object.entries(carbon).flatMap(([region, value]) =>
    'missing' in value || value.from === 'source' ? [] : [region],
  );
}
