import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { gramsPerKwh, wave, type Grid } from './sampleGrid';

const seed = 20260105;
const startSeconds = Date.UTC(2026, 0, 5) / 1000;
const hoursOfWeek = 7 * 24;

interface SampleRegion {
  readonly name: string;
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
  /** In January. */
  readonly utcOffsetHours: number;
  readonly meanRequestsPerSecond: number;
  readonly grid: Grid;
}

const regions: readonly SampleRegion[] = [
  // Sydney: coal, with sun in its summer
  {
    name: 'ap-southeast-2',
    latitudeDegrees: -33.87,
    longitudeDegrees: 151.21,
    utcOffsetHours: 11,
    meanRequestsPerSecond: 150,
    grid: { nuclear: 0, hydro: 0.05, meanWind: 0.12, solarPeak: 0.55, daylightHours: 14, coalShare: 0.9 },
  },
  // Frankfurt: wind, with gas and coal when it is calm
  {
    name: 'eu-central-1',
    latitudeDegrees: 50.11,
    longitudeDegrees: 8.68,
    utcOffsetHours: 1,
    meanRequestsPerSecond: 350,
    grid: { nuclear: 0, hydro: 0.05, meanWind: 0.4, solarPeak: 0.15, daylightHours: 8, coalShare: 0.5 },
  },
  // Paris: nuclear, with gas at the peaks of demand
  {
    name: 'eu-west-3',
    latitudeDegrees: 48.86,
    longitudeDegrees: 2.35,
    utcOffsetHours: 1,
    meanRequestsPerSecond: 200,
    grid: { nuclear: 0.65, hydro: 0.12, meanWind: 0.1, solarPeak: 0.05, daylightHours: 8.5, coalShare: 0 },
  },
  // Ashburn, Virginia: nuclear and gas
  {
    name: 'us-east-1',
    latitudeDegrees: 39.04,
    longitudeDegrees: -77.49,
    utcOffsetHours: -5,
    meanRequestsPerSecond: 200,
    grid: {
      nuclear: 0.35,
      hydro: 0.02,
      meanWind: 0.05,
      solarPeak: 0.15,
      daylightHours: 9.5,
      coalShare: 0.25,
    },
  },
  // Columbus, Ohio: gas and coal
  {
    name: 'us-east-2',
    latitudeDegrees: 39.96,
    longitudeDegrees: -83.0,
    utcOffsetHours: -5,
    meanRequestsPerSecond: 50,
    grid: { nuclear: 0.2, hydro: 0.01, meanWind: 0.08, solarPeak: 0.1, daylightHours: 9.5, coalShare: 0.4 },
  },
  // San Francisco: sun at noon, gas at night
  {
    name: 'us-west-1',
    latitudeDegrees: 37.77,
    longitudeDegrees: -122.42,
    utcOffsetHours: -8,
    meanRequestsPerSecond: 50,
    grid: { nuclear: 0.09, hydro: 0.15, meanWind: 0.08, solarPeak: 0.8, daylightHours: 10, coalShare: 0 },
  },
];
const names = regions.map(({ name }) => name);

/**
 * The three CSV files of the sample by name; the same text every time.
 * @param weeks how long it is; it is winter in all of them
 */
export function generateSample(weeks = 1): ReadonlyMap<string, string> {
  const hours = weeks * hoursOfWeek;
  const hourly = (utcOffsetHours: number, valueAt: (localHour: number) => number): number[] =>
    Array.from({ length: hours }, (_, hour) => valueAt(hour + utcOffsetHours));
  const noise = noiseSource();
  const carbonGramsPerKwh = regions.map(({ grid, utcOffsetHours }) => {
    const demandNoise = noise(0.05, 0.8);
    const wind = noise(1.6, 0.95);
    const clouds = noise(0.2, 0.95);
    return hourly(utcOffsetHours, (localHour) =>
      Math.round(
        gramsPerKwh(grid, localHour, {
          demandDeviation: demandNoise(),
          windFactor: 1 + wind(),
          sunFactor: 1 + clouds(),
        }),
      ),
    );
  });
  const requestsPerSecond = regions.map(({ meanRequestsPerSecond, utcOffsetHours }) => {
    const requestsNoise = noise(0.1, 0.8);
    return hourly(utcOffsetHours, (localHour) =>
      Math.round(meanRequestsPerSecond * requestsShape(localHour) * (1 + requestsNoise())),
    );
  });
  const starts = Array.from({ length: hours }, (_, hour) => startSeconds + hour * 3600);
  return new Map([
    [
      'carbon_intensities.csv',
      stringify([
        ['', 'timestamp', ...names],
        ...starts.map((start, hour) => [hour, start, ...carbonGramsPerKwh.map((series) => series[hour])]),
      ]),
    ],
    [
      'requests.csv',
      stringify([
        ['timestamp', 'datetime', ...names],
        ...starts.map((start, hour) => [
          start,
          dayFirst(start),
          ...requestsPerSecond.map((series) => series[hour]),
        ]),
      ]),
    ],
    [
      'latency.csv',
      stringify([
        names,
        ...regions.map((origin) => regions.map((destination) => roundTripMs(origin, destination).toFixed(2))),
      ]),
    ],
  ]);
}

/** People read in the evening and sleep at night; 1 in the mean. */
function requestsShape(localHour: number): number {
  return 1 + 0.6 * wave(localHour, 20, 1);
}

/**
 * Series of noise that keep a share of their last hour, as weather and news do; each call gives one that is
 * independent of the others.
 * @returns a function of the series' largest deviation and of the share that it keeps
 */
function noiseSource(): (largest: number, persistence: number) => () => number {
  const random = xoroshiro128plus(seed);
  return (largest, persistence) => {
    const own = random.clone();
    random.jump();
    let last = 0;
    return () => {
      last = persistence * last + (1 - persistence) * (2 * uniformFloat64(own) - 1);
      return largest * last;
    };
  };
}

/** dd-mm-yyyy hh:mm in UTC, as the reference's requests.csv writes it; the planner reads the timestamp alone. */
function dayFirst(seconds: number): string {
  const [year, month, day, hour, minute] = new Date(seconds * 1000).toISOString().split(/[-T:]/);
  return `${day}-${month}-${year} ${hour}:${minute}`;
}

/**
 * There and back along the great circle, with what a real route adds: cables make detours, and both ends have a
 * network of their own.
 */
function roundTripMs(origin: SampleRegion, destination: SampleRegion): number {
  const ownNetworkMs = 3;
  const detour = 1.5;
  // The vacuum's speed of light over the refractive index of Corning SMF-28 single-mode fibre at 1,550 nm.
  const fibreKmPerMs = 299_792.458 / 1.4682 / 1000;
  return ownNetworkMs + (2 * detour * greatCircleKm(origin, destination)) / fibreKmPerMs;
}

/** The haversine formula on a sphere of the Earth's mean radius. */
function greatCircleKm(from: SampleRegion, to: SampleRegion): number {
  const earthRadiusKm = 6371.0088;
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const haversine = (angle: number): number => Math.sin(angle / 2) ** 2;
  const [latitude, otherLatitude] = [radians(from.latitudeDegrees), radians(to.latitudeDegrees)];
  const longitudes = radians(to.longitudeDegrees - from.longitudeDegrees);
  const h =
    haversine(otherLatitude - latitude) +
    Math.cos(latitude) * Math.cos(otherLatitude) * haversine(longitudes);
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(h));
}

/** Run as a program, it writes the sample, or a longer one, into a folder; imported, it writes nothing. */
if (require.main === module) {
  const [folder, weeks = '1'] = process.argv.slice(2);
  if (folder === undefined || !/^[1-9]\d?$/.test(weeks)) {
    throw new Error('name the folder to write, and weeks from 1 to 99: generateSample.js <folder> [weeks]');
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of generateSample(Number(weeks))) writeFileSync(path.join(folder, name), text);
  const marker = path.join(folder, 'SYNTHETIC.md');
  if (!existsSync(marker)) writeFileSync(marker, `Made by traces/generateSample.ts, ${weeks} weeks.\n`);
}
