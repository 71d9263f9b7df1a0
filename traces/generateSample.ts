import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { averageIntensity } from '@tgwf/co2';
import { stringify } from 'csv-stringify/sync';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const seed = 20260105;
const startSeconds = Date.UTC(2026, 0, 5) / 1000;
const hours = 14 * 24;

interface SampleRegion {
  readonly name: string;
  /** ISO 3166-1 alpha-3: whose yearly mean carbon intensity the grid gets. */
  readonly country: 'AUS' | 'DEU' | 'FRA' | 'USA';
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
  /** In January. */
  readonly utcOffsetHours: number;
  readonly meanRequestsPerSecond: number;
}

const regions: readonly SampleRegion[] = [
  // Sydney
  {
    name: 'ap-southeast-2',
    country: 'AUS',
    latitudeDegrees: -33.87,
    longitudeDegrees: 151.21,
    utcOffsetHours: 11,
    meanRequestsPerSecond: 250,
  },
  // Frankfurt
  {
    name: 'eu-central-1',
    country: 'DEU',
    latitudeDegrees: 50.11,
    longitudeDegrees: 8.68,
    utcOffsetHours: 1,
    meanRequestsPerSecond: 300,
  },
  // Paris
  {
    name: 'eu-west-3',
    country: 'FRA',
    latitudeDegrees: 48.86,
    longitudeDegrees: 2.35,
    utcOffsetHours: 1,
    meanRequestsPerSecond: 150,
  },
  // Ashburn, Virginia
  {
    name: 'us-east-1',
    country: 'USA',
    latitudeDegrees: 39.04,
    longitudeDegrees: -77.49,
    utcOffsetHours: -5,
    meanRequestsPerSecond: 200,
  },
  // Columbus, Ohio
  {
    name: 'us-east-2',
    country: 'USA',
    latitudeDegrees: 39.96,
    longitudeDegrees: -83.0,
    utcOffsetHours: -5,
    meanRequestsPerSecond: 50,
  },
  // San Francisco
  {
    name: 'us-west-1',
    country: 'USA',
    latitudeDegrees: 37.77,
    longitudeDegrees: -122.42,
    utcOffsetHours: -8,
    meanRequestsPerSecond: 50,
  },
];
const names = regions.map(({ name }) => name);

/** The four CSV files of the sample by name; the same text every time. */
export function generateSample(): ReadonlyMap<string, string> {
  const noise = noiseSource();
  const carbonGramsPerKwh = regions.map((region) => {
    const meanGramsPerKwh = averageIntensity.data[region.country];
    return hourly(region, noise(0.06), (shape) => Math.round(meanGramsPerKwh * shape), carbonShape);
  });
  const requestsPerSecond = regions.map((region) =>
    hourly(region, noise(0.1), (shape) => Math.round(region.meanRequestsPerSecond * shape), requestsShape),
  );
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
    ['offset.csv', stringify([names, regions.map(({ utcOffsetHours }) => utcOffsetHours)])],
  ]);
}

function hourly(
  { utcOffsetHours }: SampleRegion,
  nextNoise: () => number,
  valueOf: (shape: number) => number,
  shapeAt: (localHour: number) => number,
): number[] {
  return Array.from({ length: hours }, (_, hour) =>
    valueOf(shapeAt(hour + utcOffsetHours) * (1 + nextNoise())),
  );
}

/** One cosine wave a day, or several, with its crest at `crestHour`; its mean is 0. */
function wave(localHour: number, crestHour: number, wavesPerDay: number): number {
  return Math.cos((2 * Math.PI * wavesPerDay * (localHour - crestHour)) / 24);
}

/** Lowest when the sun is highest, highest in the evening; 1 in the mean. */
function carbonShape(localHour: number): number {
  return 1 - 0.2 * wave(localHour, 13, 1) + 0.08 * wave(localHour, 20, 2);
}

/** People read in the evening and sleep at night; 1 in the mean. */
function requestsShape(localHour: number): number {
  return 1 + 0.6 * wave(localHour, 20, 1);
}

/**
 * Series of noise that keeps some of its last hour, as weather and news do; each call gives one that is independent
 * of the others.
 * @returns a function of the series' largest deviation
 */
function noiseSource(): (largest: number) => () => number {
  const persistence = 0.8;
  const random = xoroshiro128plus(seed);
  return (largest) => {
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

/** Run as a program, it writes the sample into a folder; imported, it writes nothing. */
if (require.main === module) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('name the folder to write: generateSample.js <folder>');
  for (const [name, text] of generateSample()) writeFileSync(path.join(folder, name), text);
}
