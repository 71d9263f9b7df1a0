import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseStudy, readStudy } from '../../../study/studyFile';

const trace = { kind: 'trace', name: 'a', boundsMs: [100], policies: ['carbon'] };
const zones = {
  kind: 'zones',
  name: 'b',
  year: 2022,
  idlePercents: [50],
  boundsMs: [100],
  policies: ['exact'],
};
const study = (...experiments: object[]) => ({ title: 't', data: '.', experiments });
const faultOf = (values: unknown): string => {
  try {
    parseStudy(values, 'study.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

test('the studies of the project can be read', () => {
  const folder = path.resolve(__dirname, '../../../studies');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  expect(files).toContain('casper.yaml');
  for (const file of files) expect(readStudy(path.join(folder, file)).experiments.length).toBeGreaterThan(0);
});

test('what is left out has the reference’s values', () => {
  expect(parseStudy(study(trace), 'study.yaml').experiments[0]).toMatchObject({
    ...{ servers: [100], requestsPerServer: 10, alpha: 0.9, forecasts: ['perfect'], demandQuantile: 0.98 },
  });
});

test.each([
  ['a misspelt key', study({ ...trace, bounds: [5] }), /experiments\.0: Unrecognized key: "bounds"/],
  ['a misspelt key of the study', { ...study(trace), seeds: 1 }, /the file: Unrecognized key: "seeds"/],
  [
    'a policy that does not exist',
    study({ ...trace, policies: ['carbn'] }),
    /experiments\.0\.policies\.0: expected one of carbon, latency, .* \(it is "carbn"\)/,
  ],
  [
    'a forecast that does not exist',
    study({ ...trace, forecasts: ['tarot'] }),
    /forecasts\.0: expected one of perfect, .* \(it is "tarot"\)/,
  ],
  [
    'an error that would make intensities negative',
    study({ ...trace, carbonErrorPercents: [0, 250] }),
    /carbonErrorPercents\.1: .*100 \(it is 250\)/,
  ],
  [
    'a bound that is none',
    study({ ...trace, boundsMs: ['fast'] }),
    /boundsMs\.0: expected milliseconds, or none \(it is "fast"\)/,
  ],
  [
    'a solver that there is not',
    study({ ...trace, solver: 'cbc' }),
    /solver: expected one of glpk, highs \(it is "cbc"\)/,
  ],
  [
    'a signal that there is not',
    study({ ...trace, intensity: { signal: 'consequential' } }),
    /intensity\.signal: expected average or marginal \(it is "consequential"\)/,
  ],
  [
    'intensities from nowhere, or from two places',
    study(
      { ...trace, alsoBy: { signal: 'marginal' } },
      { ...trace, name: 'b', alsoBy: { signal: 'marginal', table: 'm.csv', gramsPerKwh: { a: 5 } } },
    ),
    /experiments\.0\.alsoBy: expected either a table or gramsPerKwh[^]*experiments\.1\.alsoBy: expected either/,
  ],
  [
    'a comparison of a table with itself',
    study({ ...trace, alsoBy: { signal: 'marginal', table: 'carbon_intensities.csv' } }),
    /alsoBy\.table: expected another table than that of intensity \(it is "carbon_intensities\.csv"\)/,
  ],
  [
    'an intensity of 0',
    study({ ...trace, alsoBy: { signal: 'marginal', gramsPerKwh: { north: 0 } } }),
    /alsoBy\.gramsPerKwh\.north: .*>0 \(it is 0\)/,
  ],
  ['a PUE under 1', study({ ...trace, accounting: { pue: 0.9 } }), /accounting\.pue: .*>=1 \(it is 0\.9\)/],
  ['no bounds', study({ ...trace, boundsMs: [] }), /boundsMs: expected at least one/],
  [
    'a kind that does not exist',
    study({ ...trace, kind: 'tracks' }),
    /kind: expected a kind: trace or zones \(it is "tracks"\)/,
  ],
  [
    'a share of idle capacity that leaves no work',
    study({ ...zones, idlePercents: [100] }),
    /idlePercents\.0: .*99 \(it is 100\)/,
  ],
  [
    'a range that ends before it begins',
    study({ ...trace, from: '2025-06-02T00:00:00Z', to: '2025-06-01T00:00:00Z' }),
    /to: expected a time after from, 2025-06-02T00:00:00Z/,
  ],
  [
    'a name twice',
    study(trace, { ...zones, name: 'a' }),
    /experiments\.1\.name: "a" is the name of an earlier experiment; rename one/,
  ],
  ['no object', 'carbon', /the file: /],
])('%s is refused with its place, what was expected and where keys are listed', (_, values, message) => {
  expect(faultOf(values)).toMatch(message);
  expect(faultOf(values)).toMatch(/^study\.yaml cannot be used:\n[^]*studies\/README\.md lists every key\.$/);
});
