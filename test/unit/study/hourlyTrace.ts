import { stringify } from 'csv-stringify/sync';
import { traceFolder } from '../traces/traceFolder';

/** 2025-06-02, a Monday. */
export const firstSeconds = Date.UTC(2025, 5, 2) / 1000;

const regions = ['north', 'south', 'west'];

/**
 * A folder with a trace of three regions, 1 to 30 ms apart, whose carbon and requests have a day's shape.
 * @param isHole whether the carbon intensity of an hour is missing
 */
export function hourlyTrace(hours: number, isHole: (hour: number) => boolean = () => false): string {
  const starts = Array.from({ length: hours }, (_, hour) => firstSeconds + hour * 3600);
  const wave = (hour: number, crest: number): number => Math.cos((2 * Math.PI * (hour - crest)) / 24);
  const rows = (valueOf: (region: number, hour: number) => number | string) =>
    starts.map((start, hour) => [start, ...regions.map((_, region) => valueOf(region, hour))]);
  return traceFolder({
    'carbon_intensities.csv': stringify([
      ['timestamp', ...regions],
      ...rows((region, hour) =>
        isHole(hour) ? '' : 200 + 100 * region + Math.round(80 * wave(hour, 6 * region)),
      ),
    ]),
    'requests.csv': stringify([
      ['timestamp', ...regions],
      ...rows((region, hour) => 100 + 20 * region + Math.round(30 * wave(hour, 18 + region))),
    ]),
    'latency.csv': 'north,south,west\n1,12,30\n12,2,23\n30,23,3\n',
  });
}
