import type { Missing } from '../traces/cells';
import { isoOf } from '../traces/time';
import { faultOf, type Fault } from './fault';
import type { KeptZone } from './keptSignals';
import { ageMsOf, covers, type Method, type SignalValue } from './signalValue';

/** Where a value comes from, from the best: the next one stands in where the one before is missing. */
export const origins = ['source', 'lastKnown', 'forecast', 'mean'] as const;
export type Origin = (typeof origins)[number];

/** The value to go by, and where it comes from. */
export interface ChosenValue {
  readonly from: Origin;
  readonly value: SignalValue;
  /** Since when its period is over; 0 while it lasts. */
  readonly ageSeconds: number;
}

export interface Limits {
  readonly freshMinutes: number;
  readonly lastKnownMinutes: number;
}

export interface ZoneOfSource {
  readonly source: string;
  readonly zone: string;
  readonly method: Method;
}

/** Fewest days whose values at an hour make a mean. */
const leastDays = 3;
const hourMs = 3600_000;

/**
 * The value of now for a zone: what the source gives, else the last known within its age, else the forecast for now,
 * else the zone's own mean at this hour of the day. Where there is none of them it is missing, and never a number.
 */
export function chooseValue(
  kept: KeptZone,
  place: ZoneOfSource,
  { freshMinutes, lastKnownMinutes }: Limits,
  nowMs: number,
): { readonly chosen: ChosenValue | Missing; readonly faults: readonly Fault[] } {
  const faults = [...(kept.latest?.faults ?? [])];
  const chosen = (from: Origin, value: SignalValue) => ({
    chosen: { from, value, ageSeconds: Math.round(ageMsOf(value, nowMs) / 1000) },
    faults,
  });
  const newest = kept.actual.at(-1);
  if (newest) {
    const ageMs = ageMsOf(newest, nowMs);
    const given = kept.latest?.newest === newest.start;
    const fresh = ageMs <= freshMinutes * 60_000;
    if (given && fresh) return chosen('source', newest);
    if (!fresh) {
      faults.push(
        faultOf('stale', newest, `over for ${Math.round(ageMs / 60_000)} min, fresh for ${freshMinutes}`),
      );
    }
    if (ageMs <= lastKnownMinutes * 60_000) return chosen('lastKnown', newest);
  }
  const forecast = kept.forecast.find((value) => covers(value, nowMs));
  if (forecast) return chosen('forecast', forecast);
  faults.push(...(kept.forecastAsking?.faults ?? []));
  const mean = meanAtHour(kept.actual, place, nowMs);
  if (mean) return chosen('mean', mean);
  return {
    chosen: {
      missing: `no value of the zone ${place.zone} from ${place.source}, none known within ${lastKnownMinutes} min, no forecast, and no ${leastDays} days to make a mean of; the plan in force stays`,
    },
    faults,
  };
}

/** Whether a forecast is worth a request: nothing better stands in. */
export function wantsForecast(kept: KeptZone, { lastKnownMinutes, freshMinutes }: Limits, nowMs: number) {
  const newest = kept.actual.at(-1);
  const longest = Math.max(lastKnownMinutes, kept.latest?.newest === newest?.start ? freshMinutes : 0);
  const stands = newest !== undefined && ageMsOf(newest, nowMs) <= longest * 60_000;
  return !stands && !kept.forecast.some((value) => covers(value, nowMs));
}

function meanAtHour(
  actual: readonly SignalValue[],
  { source, zone, method }: ZoneOfSource,
  nowMs: number,
): SignalValue | undefined {
  const hour = new Date(nowMs).getUTCHours();
  const same = actual.filter(({ start }) => new Date(start).getUTCHours() === hour);
  const days = new Set(same.map(({ start }) => start.slice(0, 10)));
  if (days.size < leastDays) return undefined;
  const sum = same.reduce((total, { gramsPerKwh }) => total + gramsPerKwh, 0);
  return {
    zone,
    start: isoOf((Math.floor(nowMs / hourMs) * hourMs) / 1000),
    seconds: 3600,
    gramsPerKwh: Number((sum / same.length).toPrecision(6)),
    method,
    basis: 'estimated',
    tense: 'mean',
    source,
    fetchedAt: isoOf(Math.floor(nowMs / 1000)),
  };
}
