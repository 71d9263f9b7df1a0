import {
  demandSourceOf,
  readDemand,
  readDemandHistory,
  type Demand,
  type DemandSource,
} from '../observe/demand';
import { PrometheusError } from '../observe/prometheus';
import { isUnknown, type Unknown } from '../observe/unknown';
import { at } from '../policies/model/matrix';
import type { StackConfig } from '../stack/stackConfig';
import { DemandForecasts, calibrationHours, type ForecastOptions } from '../study/forecast/demandForecasts';
import { ForecastError } from '../study/forecast/forecaster';
import { quantile } from '../study/forecast/outlook';
import type { Missing } from '../traces/cells';
import type { UsedDemand } from './usedValues';

const hourSeconds = 3600;
/** A margin from the errors of fewer hours would be a guess. */
const leastCalibrationHours = 24;

/** What is expected of an interval's requests. */
export interface ExpectedDemand {
  readonly byOrigin: Readonly<Record<string, UsedDemand | Missing>>;
  /** Actual over expected requests that the margin is taken from, [case][origin], in the order of the regions. */
  readonly ratios: readonly (readonly number[])[];
  readonly faults: readonly string[];
  /** As it is forecast, from the hour under way on; null where it is not. */
  readonly hours: readonly ExpectedHour[] | null;
}

/** An hour's demand as it is forecast. */
export interface ExpectedHour {
  readonly requestsPerSecond: Readonly<Record<string, number>>;
  /** As in `ExpectedDemand`. */
  readonly ratios: readonly (readonly number[])[];
}

/** Demand of an hour by the hours before the one under way. */
interface Forecast {
  readonly requestsPerSecond: Readonly<Record<string, number>>;
  /** By origin; null where too few errors are known to take a margin from. */
  readonly ratios: Readonly<Record<string, readonly number[]>> | null;
}

type Hours = ReadonlyMap<number, Readonly<Record<string, number | null>>>;

/** Measures demand, and forecasts it where that is wanted; keeps the hours that it has read. */
export class LiveDemand {
  private kept: { readonly of: string; readonly hours: Hours } = { of: '', hours: new Map() };

  /** @param options null plans for what is measured */
  constructor(private readonly options: ForecastOptions | null) {}

  /**
   * What to plan the interval under way for. Of measured demand and forecast, each with its margin, the larger one
   * counts: a forecast does not see what has begun just now, and what is measured does not see what comes.
   * @param ahead hours to forecast, from the one under way on
   * @throws DemandError
   */
  async read(
    config: StackConfig,
    regions: readonly string[],
    nowMs: number,
    ahead = 1,
  ): Promise<ExpectedDemand> {
    const source = demandSourceOf(config);
    const { marginPercent } = config.demand;
    const measured = await readDemand(source, config.demand, nowMs);
    const faults: string[] = [];
    const forecasts = await this.forecast(source, config, nowMs, ahead, faults);
    const [forecast] = forecasts ?? [];
    const fixedMargin = 1 + marginPercent / 100;
    const cases = forecast?.ratios
      ? Math.max(1, ...regions.map((region) => forecast.ratios?.[region]?.length ?? 0))
      : 1;
    const columns = regions.map((region) => {
      const rate = measured.get(region) ?? { unknown: 'nobody asked for it' };
      const ratios = forecast?.ratios?.[region] ?? Array<number>(cases).fill(fixedMargin);
      const expected = forecast?.requestsPerSecond[region];
      const margin =
        this.options?.demandQuantile == null ? fixedMargin : quantile(ratios, this.options.demandQuantile);
      const forecastCounts =
        expected !== undefined &&
        (isUnknown(rate) || expected * margin >= rate.requestsPerSecond * fixedMargin);
      return forecastCounts
        ? { used: fromForecast(expected, rate), ratios }
        : { used: fromRate(rate), ratios: Array<number>(cases).fill(fixedMargin) };
    });
    return {
      byOrigin: Object.fromEntries(regions.map((region, index) => [region, at(columns, index).used])),
      ratios: Array.from({ length: cases }, (_, row) =>
        columns.map(({ ratios }) => ratios[row] ?? fixedMargin),
      ),
      faults,
      hours:
        forecasts?.map(({ requestsPerSecond, ratios }) => ({
          requestsPerSecond,
          ratios: rowsOf(regions, ratios, fixedMargin),
        })) ?? null,
    };
  }

  private async forecast(
    source: DemandSource,
    { demand, regions }: StackConfig,
    nowMs: number,
    ahead: number,
    faults: string[],
  ): Promise<Forecast[] | null> {
    if (!this.options) return null;
    const names = regions.map(({ name }) => name);
    const hour = Math.floor(nowMs / 1000 / hourSeconds) * hourSeconds;
    try {
      const hours = await this.history(source, hour - demand.historyHours * hourSeconds, hour, nowMs);
      return forecastFrom(hours, names, hour, ahead, this.options);
    } catch (error) {
      if (!(error instanceof ForecastError) && !(error instanceof PrometheusError)) throw error;
      const reason = error instanceof ForecastError ? error.with(remedies) : error.message;
      faults.push(`no forecast of demand, planned for what is measured: ${reason}`);
      return null;
    }
  }

  /** Asks for the hours that are not known yet. */
  private async history(source: DemandSource, from: number, to: number, nowMs: number): Promise<Hours> {
    const key = JSON.stringify([source.url, source.query, source.origins]);
    const known = this.kept.of === key ? this.kept.hours : new Map<number, Record<string, number | null>>();
    const last = [...known.keys()].at(-1);
    const next = last === undefined ? from : Math.max(from, last + hourSeconds);
    const read = await readDemandHistory(source, next, to, nowMs);
    const hours = new Map([...known, ...read].filter(([start]) => start >= from));
    this.kept = { of: key, hours };
    return hours;
  }
}

const remedies = {
  short: 'it comes with time, as long as Prometheus keeps it (--storage.tsdb.retention.time)',
  holes: 'see to it that Prometheus runs and scrapes all the time',
  notFinite: 'take another forecast',
};

function forecastFrom(
  hours: Hours,
  regions: readonly string[],
  now: number,
  ahead: number,
  { forecaster, demandQuantile }: ForecastOptions,
): Forecast[] {
  const rowsBefore = (seconds: number, count: number): (number | null)[][] => {
    const rows: (number | null)[][] = [];
    for (let start = seconds - count * hourSeconds; start < seconds; start += hourSeconds) {
      const row = regions.map((region) => hours.get(start)?.[region] ?? null);
      if (rows.length > 0 || row.some((value) => value !== null)) rows.push(row);
    }
    return rows;
  };
  const spare = rowsBefore(now, hours.size).length - forecaster.minHistoryHours;
  const calibration = Math.min(calibrationHours, spare);
  const calibrated = demandQuantile !== null && calibration >= leastCalibrationHours;
  const past = { regions, intervalSeconds: hourSeconds, requestsBefore: rowsBefore };
  const options = { forecaster, demandQuantile: calibrated ? demandQuantile : null };
  const expected = new DemandForecasts(past, ahead, options, calibration).next(now);
  return expected.map(({ requestsPerSecond, ratios }) => ({
    requestsPerSecond: Object.fromEntries(
      regions.map((region, index) => [region, at(requestsPerSecond, index)]),
    ),
    ratios:
      calibrated && ratios.length >= leastCalibrationHours
        ? Object.fromEntries(regions.map((region, index) => [region, ratios.map((row) => at(row, index))]))
        : null,
  }));
}

/** Ratios by case; the fixed margin where none are known. */
function rowsOf(
  regions: readonly string[],
  ratios: Forecast['ratios'],
  fixedMargin: number,
): (readonly number[])[] {
  const cases = ratios ? Math.max(1, ...regions.map((region) => ratios[region]?.length ?? 0)) : 1;
  return Array.from({ length: cases }, (_, row) =>
    regions.map((region) => ratios?.[region]?.[row] ?? fixedMargin),
  );
}

function fromForecast(requestsPerSecond: number, rate: Demand | Unknown): UsedDemand {
  return {
    requestsPerSecond,
    from: 'forecast',
    ageSeconds: 0,
    measured: isUnknown(rate) ? null : rate.requestsPerSecond,
  };
}

function fromRate(rate: Demand | Unknown): UsedDemand | Missing {
  return isUnknown(rate) ? { missing: rate.unknown } : { ...rate, measured: rate.requestsPerSecond };
}
