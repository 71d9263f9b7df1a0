import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readLatencies } from '../../../traces/readLatencies';
import { readTrace } from '../../../traces/readTrace';
import { goodFiles, removeTraceFolders, traceFolder } from './traceFolder';

afterEach(removeTraceFolders);

const asZones = (text: string): string =>
  text.replace('north', 'DE').replace('south', 'US-CAL-CISO').replace('west', 'FR');

/** A trace whose columns are called like grid zones, with what zones.csv says of them. */
function zoneFolder(zones: string, files: Partial<typeof goodFiles> = {}): string {
  const renamed = Object.entries({ ...goodFiles, ...files }).map(([name, text]) => [name, asZones(text)]);
  const folder = traceFolder(Object.fromEntries(renamed) as typeof goodFiles);
  writeFileSync(path.join(folder, 'zones.csv'), zones);
  return folder;
}

test('columns are called as zones.csv says, in all files; one that it does not name keeps its name', () => {
  const folder = zoneFolder('zone,region\nDE,frankfurt\nUS-CAL-CISO,california\n');
  const trace = readTrace(folder);
  expect(trace.regions).toEqual(['frankfurt', 'california', 'FR']);
  expect(trace.at('2025-06-01T00:00:00Z')).toMatchObject({
    requestsPerSecond: [10, 20, 30],
    carbonGramsPerKwh: [100, 200.5, 300],
  });
  expect(readLatencies(folder).regions).toEqual(['frankfurt', 'california', 'FR']);
});

test('regions of one zone share its carbon intensity, and have requests and latencies of their own', () => {
  const folder = traceFolder({
    ...goodFiles,
    'carbon_intensities.csv': goodFiles['carbon_intensities.csv'].replace('north,south', 'PJM,south'),
    'requests.csv': goodFiles['requests.csv'].replace('west', 'east'),
    'latency.csv': goodFiles['latency.csv'].replace('west', 'east'),
  });
  writeFileSync(path.join(folder, 'zones.csv'), 'zone,region\nPJM,north\nPJM,east\n');
  const trace = readTrace(folder);
  expect(trace.regions).toEqual(['north', 'south', 'east']);
  expect(trace.at('2025-06-01T01:00:00Z').carbonGramsPerKwh).toEqual([110, 210, 110]);
});

test.each([
  [
    'a zone that is no column',
    'zone,region\nGB,london\n',
    /has no column "GB"; it has: .*DE, US-CAL-CISO, FR/,
  ],
  ['a region twice', 'zone,region\nDE,here\nFR,here\n', /zones.csv:3 names the region here a second time/],
  ['an empty cell', 'zone,region\nDE,\n', /zones.csv:2 has an empty cell/],
  ['other columns', 'grid,region\nDE,here\n', /has no column "zone"/],
  [
    'one column of requests for two regions',
    'zone,region\nDE,here\nDE,there\n',
    /requests.csv has one column DE for here and there of zones.csv; give it a column for each region/,
  ],
])('%s is refused', (_, zones, message) => {
  expect(() => readTrace(zoneFolder(zones))).toThrow(message);
});
