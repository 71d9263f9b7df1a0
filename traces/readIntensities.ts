import { readCarbon, type Missing } from './cells';
import { readCsvFile } from './csvFile';
import { readSeries } from './readTrace';

/** Carbon intensities from another source than a trace's own, or by another method. */
export interface Intensities {
  /** Regions that it says nothing of. Nothing can be compared with them. */
  readonly missingRegions: readonly string[];
  /** gCO2e/kWh by region, of the hour that starts then; null where one of them is missing. */
  readonly at: (seconds: number) => readonly number[] | null;
}

/**
 * Reads a table as carbon_intensities.csv is one.
 * @param regions in the order of the trace
 * @throws TraceError
 */
export function readIntensities(path: string, regions: readonly string[]): Intensities {
  const file = readCsvFile(path);
  const missingRegions = regions.filter((region) => !file.header.includes(region));
  const known = regions.filter((region) => !missingRegions.includes(region));
  const series = readSeries<number | Missing>(file, known, readCarbon);
  return {
    missingRegions,
    at: (seconds) => {
      const values = (series.get(seconds) ?? []).filter((value) => typeof value === 'number');
      return values.length === regions.length ? values : null;
    },
  };
}

/** One value for all hours, as yearly means are published. */
export function constantIntensities(
  gramsPerKwh: Readonly<Record<string, number>>,
  regions: readonly string[],
): Intensities {
  const values = regions.flatMap((region) => gramsPerKwh[region] ?? []);
  return {
    missingRegions: regions.filter((region) => gramsPerKwh[region] === undefined),
    at: () => (values.length === regions.length ? values : null),
  };
}
