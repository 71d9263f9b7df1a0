import type { Missing } from './cells';
import { isoOf, secondsOf } from './time';
import { TraceError, TraceHoleError } from './traceError';

/** The world of one interval; arrays are aligned with the trace's regions. */
export interface TraceInterval {
  /** ISO 8601 in UTC. */
  readonly start: string;
  /** Requests/s by origin: integers of 0 or more. */
  readonly requestsPerSecond: readonly number[];
  /** gCO2e/kWh by region: greater than 0. */
  readonly carbonGramsPerKwh: readonly number[];
}

/** What was read from a folder. Maps go from the interval's start in Unix seconds to values by region. */
export interface TraceData {
  readonly directory: string;
  /** Generated and not measured. */
  readonly synthetic: boolean;
  readonly regions: readonly string[];
  /** Columns that only some of the files have, so that nothing can be planned for them. */
  readonly droppedRegions: readonly string[];
  /** ms, [origin][destination]. */
  readonly latencyMs: readonly (readonly number[])[];
  readonly requestsPerSecond: ReadonlyMap<number, readonly number[]>;
  readonly carbonGramsPerKwh: ReadonlyMap<number, readonly (number | Missing)[]>;
}

/** Checked, aligned data of one folder. Hours may be missing; asking for one says which and why. */
export class Trace {
  /** The traces are hourly. */
  readonly intervalSeconds = 3600;
  private readonly firstSeconds: number;
  /** Start of the last hour that has requests and carbon, Unix seconds. */
  readonly lastSeconds: number;

  /** @throws TraceError when requests and carbon have no hour in common */
  constructor(private readonly data: TraceData) {
    const starts = [...data.requestsPerSecond.keys()].filter((start) => data.carbonGramsPerKwh.has(start));
    if (starts.length === 0) {
      throw new TraceError(
        `requests.csv and carbon_intensities.csv in ${data.directory} have no hour in common; take files of the same time`,
      );
    }
    this.firstSeconds = starts.reduce((a, b) => Math.min(a, b));
    this.lastSeconds = starts.reduce((a, b) => Math.max(a, b));
  }

  get directory(): string {
    return this.data.directory;
  }
  get synthetic(): boolean {
    return this.data.synthetic;
  }
  get regions(): readonly string[] {
    return this.data.regions;
  }
  get droppedRegions(): readonly string[] {
    return this.data.droppedRegions;
  }
  get latencyMs(): readonly (readonly number[])[] {
    return this.data.latencyMs;
  }
  /** Whether anybody asks for anything in any hour. */
  get hasRequests(): boolean {
    return [...this.data.requestsPerSecond.values()].some((row) => row.some((requests) => requests > 0));
  }
  /** Start of the first hour that has requests and carbon, ISO 8601 in UTC. */
  get firstInterval(): string {
    return isoOf(this.firstSeconds);
  }
  get lastInterval(): string {
    return isoOf(this.lastSeconds);
  }

  /**
   * The interval that starts at a time.
   * @param time ISO 8601 with a zone
   * @throws TraceError for a time outside the trace or between intervals, and for an hour with missing data (TraceHoleError)
   */
  at(time: string): TraceInterval {
    return this.atSeconds(secondsOf(time));
  }

  /** The same by Unix seconds. */
  atSeconds(start: number): TraceInterval {
    if (start < this.firstSeconds || start > this.lastSeconds) {
      throw new TraceError(
        `${isoOf(start)} is outside the trace in ${this.directory}, which goes from ${this.firstInterval} to ${this.lastInterval}`,
      );
    }
    const since = (start - this.firstSeconds) % this.intervalSeconds;
    if (since !== 0) {
      const before = start - since;
      throw new TraceError(
        `No interval starts at ${isoOf(start)}; the ones next to it start at ${isoOf(before)} and ${isoOf(before + this.intervalSeconds)}`,
      );
    }
    const requestsPerSecond = this.data.requestsPerSecond.get(start);
    if (!requestsPerSecond) throw this.hole(start, 'requests.csv has no row for that hour');
    const carbon = this.data.carbonGramsPerKwh.get(start);
    if (!carbon) throw this.hole(start, 'carbon_intensities.csv has no row for that hour');
    const carbonGramsPerKwh = carbon.map((value, index) => {
      if (typeof value === 'number') return value;
      throw this.hole(
        start,
        `the carbon intensity of ${this.regions[index] ?? ''} is missing: ${value.missing}`,
      );
    });
    return { start: isoOf(start), requestsPerSecond, carbonGramsPerKwh };
  }

  /** Whether an interval starts then and nothing of it is missing. */
  isComplete(seconds: number): boolean {
    const carbon = this.data.carbonGramsPerKwh.get(seconds);
    return (
      this.data.requestsPerSecond.has(seconds) &&
      carbon !== undefined &&
      carbon.every((value) => typeof value === 'number')
    );
  }

  /** The same trace of a smaller or larger service: a share of its requests, in whole requests/s. */
  withShareOfRequests(share: number): Trace {
    return new Trace({
      ...this.data,
      requestsPerSecond: new Map(
        [...this.data.requestsPerSecond].map(([start, row]) => [
          start,
          row.map((requests) => Math.round(share * requests)),
        ]),
      ),
    });
  }

  /**
   * The same trace without its other regions.
   * @throws TraceError for a region that has no data
   */
  only(regions: readonly string[]): Trace {
    const picked = regions.map((region) => {
      const index = this.regions.indexOf(region);
      if (index >= 0) return index;
      throw new TraceError(
        `${this.directory} has no data of the region ${region}; it has: ${this.regions.join(', ')}`,
      );
    });
    const pick = <T>(values: readonly T[]): T[] => picked.map((index) => values[index] as T);
    const pickAll = <T>(series: ReadonlyMap<number, readonly T[]>): Map<number, T[]> =>
      new Map([...series].map(([start, values]) => [start, pick(values)]));
    return new Trace({
      ...this.data,
      regions,
      latencyMs: pick(this.latencyMs).map(pick),
      requestsPerSecond: pickAll(this.data.requestsPerSecond),
      carbonGramsPerKwh: pickAll(this.data.carbonGramsPerKwh),
    });
  }

  /**
   * The same trace with other carbon intensities; what is missing stays missing.
   * @param valueOf from gCO2e/kWh and the region's position
   */
  withCarbon(valueOf: (gramsPerKwh: number, region: number) => number): Trace {
    const carbonGramsPerKwh = new Map(
      [...this.data.carbonGramsPerKwh].map(([start, values]) => [
        start,
        values.map((value, region) => (typeof value === 'number' ? valueOf(value, region) : value)),
      ]),
    );
    return new Trace({ ...this.data, carbonGramsPerKwh });
  }

  /**
   * The hours before a time, in order, no more than asked for and none before the series begins. What is missing is
   * null.
   * @param seconds Unix seconds; the hour that starts then is not among them
   * @returns requests/s, [hour][origin]
   */
  requestsBefore(seconds: number, hours: number): (readonly (number | null)[])[] {
    return this.before(this.data.requestsPerSecond, seconds, hours);
  }

  /** The same in gCO2e/kWh, [hour][region]. */
  carbonBefore(seconds: number, hours: number): (readonly (number | null)[])[] {
    return this.before(this.data.carbonGramsPerKwh, seconds, hours);
  }

  private before(
    series: ReadonlyMap<number, readonly (number | Missing)[]>,
    seconds: number,
    hours: number,
  ): (readonly (number | null)[])[] {
    const rows: (readonly (number | null)[])[] = [];
    for (let start = seconds - hours * this.intervalSeconds; start < seconds; start += this.intervalSeconds) {
      const values = series.get(start);
      if (!values && rows.length === 0) continue;
      rows.push(
        this.regions.map((_, index) => {
          const value = values?.[index];
          return typeof value === 'number' ? value : null;
        }),
      );
    }
    return rows;
  }

  /** Every hour with a carbon intensity in all regions, in order of time, also where there are no requests. */
  carbonHours(): { readonly start: string; readonly carbonGramsPerKwh: readonly number[] }[] {
    return [...this.data.carbonGramsPerKwh].flatMap(([start, values]) => {
      const carbonGramsPerKwh = values.filter((value) => typeof value === 'number');
      return carbonGramsPerKwh.length === values.length ? [{ start: isoOf(start), carbonGramsPerKwh }] : [];
    });
  }

  private hole(start: number, why: string): TraceHoleError {
    return new TraceHoleError(
      `The trace in ${this.directory} has a hole at ${isoOf(start)}: ${why}. ` +
        'Nothing is planned from a missing value; fill the hole in the file or choose another interval.',
    );
  }
}
