import type { SignalsConfig } from '../../../stack/signalsSchema';
import { canary, canaryPassword, config, hour, latestOf } from './carbonServer';

/** What a source answers where it is asked for the values of a zone, in its documented shape. */
export interface Shape {
  readonly kind: string;
  readonly zone: string;
  /** Hours from now of the period whose value is due by now: some publish hours later. */
  readonly dueHours: number;
  /** Of the period that is under way, or newest. */
  readonly newestHours: number;
  /** What none of its messages may have; null where it is asked without a credential. */
  readonly secret: string | null;
  /** What its service says where the account's plan lacks a zone; null where there are no accounts. */
  readonly planRefusal: object | null;
  /** Whether its answers name the zone. */
  readonly namesZone: boolean;
  /**
   * @param value in the source's own unit; `undefined` leaves the field out
   * @param start of its period, ISO 8601
   */
  readonly body: (value: unknown, start: string, zone: string) => unknown;
}

const minuteOf = (start: string): string => start.replace(/:00\.000Z$/, 'Z');
const plusMinutes = (start: string, minutes: number): string => {
  const time = Date.parse(start);
  return Number.isNaN(time) ? start : new Date(time + minutes * 60_000).toISOString();
};

export const shapes: readonly Shape[] = [
  {
    ...{ kind: 'electricityMaps', zone: 'FR', dueHours: 0, newestHours: 0, secret: canary, namesZone: true },
    planRefusal: { error: 'Request unauthorized for zoneKey=FR,requestType=latest', message: 'x' },
    body: (value, start, zone) => latestOf(zone, value, start),
  },
  {
    ...{
      kind: 'wattTime',
      zone: 'CAISO_NORTH',
      dueHours: 0,
      newestHours: 0,
      secret: canaryPassword,
      namesZone: true,
    },
    planRefusal: { error: 'INVALID_SCOPE', message: 'not in your subscription' },
    body: (value, start, zone) => ({
      data: [{ point_time: start, value }],
      meta: {
        region: zone,
        signal_type: 'co2_moer',
        units: 'lbs_co2_per_mwh',
        data_point_period_seconds: 300,
      },
    }),
  },
  {
    ...{
      kind: 'neso',
      zone: 'GB',
      dueHours: -2,
      newestHours: -1,
      secret: null,
      planRefusal: null,
      namesZone: false,
    },
    body: (value, start) => ({
      data: [
        {
          from: minuteOf(start),
          to: minuteOf(plusMinutes(start, 30)),
          intensity: { forecast: value, actual: value, index: 'low' },
        },
      ],
    }),
  },
  {
    ...{
      kind: 'energyCharts',
      zone: 'DE',
      dueHours: -4,
      newestHours: -1,
      secret: null,
      planRefusal: null,
      namesZone: false,
    },
    body: (value, start) => ({
      unix_seconds: [0, 60].map((minutes) => Date.parse(plusMinutes(start, minutes)) / 1000),
      co2eq: value === undefined ? undefined : [value, value],
      co2eq_forecast: [null, null],
    }),
  },
  {
    ...{
      kind: 'carbonAwareSdk',
      zone: 'eastus',
      dueHours: 0,
      newestHours: 0,
      secret: null,
      planRefusal: null,
    },
    namesZone: true,
    body: (value, start, zone) => [{ location: zone, time: start, rating: value, duration: '01:00:00' }],
  },
];

/** The shape's own body, of a value whose period is due. */
export function dueBody({ body, zone, dueHours }: Shape, value: unknown): unknown {
  return body(value, hour(dueHours), zone);
}

/** A source of the shape alone, asked once, by the name of its kind. */
export function sourceOf({ kind }: Shape, baseUrl: string): SignalsConfig {
  const told = kind === 'carbonAwareSdk' ? { signal: 'marginal', factors: 'direct' } : {};
  return config({ name: kind, kind, baseUrl, attempts: 1, ...told });
}
