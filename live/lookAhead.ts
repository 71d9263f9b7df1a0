import type { Ahead } from '../planning/planExpected';
import { PolicySightError } from '../planning/planExpected';
import { at } from '../policies/model/matrix';
import type { InitialState } from '../policies/problem';
import { readAhead, type ZoneAhead } from '../signals/readAhead';
import { covers } from '../signals/signalValue';
import type { Surroundings } from '../signals/surroundings';
import type { SignalsConfig, StackConfig, StackPlan } from '../stack/stackConfig';
import type { Expected } from '../study/forecast/outlook';
import { isoOf } from '../traces/time';
import type { ExpectedHour } from './liveDemand';
import type { LiveInterval } from './liveInterval';

const hourSeconds = 3600;

/** What a policy that looks ahead is asked for. */
export interface Sight {
  readonly policy: string;
  readonly intervals: number;
  readonly interval: LiveInterval;
  /** Regions that are lost: nothing has to be known of them. */
  readonly without: readonly string[];
}

/** Hours that intervals reach into, counted from the hour that the moment lies in. */
export function hoursAhead({ intervals, interval }: Pick<Sight, 'intervals' | 'interval'>, nowMs: number) {
  const seconds = (interval.endedAtMs - interval.startedAtMs) / 1000;
  const last = interval.startedAtMs / 1000 + (intervals - 1) * seconds;
  const first = Math.floor(nowMs / 1000 / hourSeconds) * hourSeconds;
  return Math.max(1, Math.floor((last - first) / hourSeconds) + 1);
}

/**
 * What is expected of the intervals after the one under way, in the order of the regions: carbon intensity as the sources
 * forecast it, and demand as it is forecast from its history.
 * @param hours of demand, from the hour under way; null where none is forecast
 * @param now what the interval under way is planned from
 * @throws PolicySightError that says what is not known, where anything is not
 */
export async function expectedAhead(
  { policy, intervals, interval, without }: Sight,
  { regions, demand }: StackConfig,
  signals: SignalsConfig,
  surroundings: Surroundings,
  hours: readonly ExpectedHour[] | null,
  now: { readonly regions: readonly string[]; readonly carbonGramsPerKwh: readonly number[] },
): Promise<Expected[]> {
  const carbon = await readAhead(regions, signals, surroundings);
  const firstHour = Math.floor(surroundings.nowMs() / 1000 / hourSeconds) * hourSeconds;
  const seconds = (interval.endedAtMs - interval.startedAtMs) / 1000;
  const missing = new Map<string, string>();
  const expected = Array.from({ length: intervals - 1 }, (_, index): Expected => {
    const start = interval.startedAtMs / 1000 + (index + 1) * seconds;
    const hour = hours?.[Math.max(0, Math.floor((start - firstHour) / hourSeconds))];
    if (!hour) missing.set('demand', `demand: ${hours ? `no forecast of ${isoOf(start)}` : 'no forecast'}`);
    return {
      carbonGramsPerKwh: now.regions.map((region, position) => {
        if (without.includes(region)) return at(now.carbonGramsPerKwh, position);
        const grams = gramsAt(carbon.get(region), start * 1000);
        if (grams === undefined && !missing.has(region)) missing.set(region, lacks(region, start, carbon));
        return grams ?? NaN;
      }),
      requestsPerSecond: now.regions.map((region) =>
        Math.max(demand.leastRequestsPerSecond, hour?.requestsPerSecond[region] ?? 0),
      ),
      ratios: hour?.ratios ?? [],
    };
  });
  if (missing.size === 0) return expected;
  throw new PolicySightError(
    `The policy ${policy} looks ${intervals} intervals ahead, and of these is not known:\n${[...missing.values()].map((line) => `  ${line}`).join('\n')}\n` +
      'Give --forecast for demand, sources that forecast carbon intensity, or a shorter --horizon; or take the policy carbon',
  );
}

/** What is in force when the interval begins. When its servers were started is not known. */
export function aheadFrom(
  regions: readonly string[],
  intervals: number,
  { regions: inForce, weights, requestsPerSecond = {} }: StackPlan,
): Ahead {
  const loads = regions.map((destination) =>
    regions.reduce((sum, origin) => {
      const row = weights[origin] ?? {};
      const all = Object.values(row).reduce((total, weight) => total + weight, 0);
      return all === 0 ? sum : sum + ((requestsPerSecond[origin] ?? 0) * (row[destination] ?? 0)) / all;
    }, 0),
  );
  const initialState: InitialState = {
    servers: regions.map((region) => inForce[region]?.servers ?? 0),
    loads,
    started: [],
  };
  return { intervals, initialState };
}

function gramsAt(ahead: ZoneAhead | undefined, atMs: number): number | undefined {
  return ahead?.values.find((value) => covers(value, atMs))?.gramsPerKwh;
}

function lacks(region: string, start: number, carbon: ReadonlyMap<string, ZoneAhead>): string {
  const { faults = [], source = '', zone = '' } = carbon.get(region) ?? {};
  const [fault] = faults;
  return `carbon intensity of ${region}: ${source} has no forecast of ${isoOf(start)} for the zone ${zone}${fault ? ` (${fault.message})` : ''}`;
}
