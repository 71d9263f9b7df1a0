import { referenceCapacity } from '../../../stack/capacity';
import { explainInterval } from '../../../planning/explainInterval';
import { freeSwitching } from '../../../planning/decide';
import { planInterval } from '../../../planning/planRange';
import { sweep } from '../../../study/sweep';
import { readTrace } from '../../../traces/readTrace';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';
import { wikiTraces } from '../wikiTraces';

afterAll(removeTraceFolders);

const options = {
  policy: 'carbon',
  maxLatencyMs: 500,
  alpha: 0.9,
  keepWarm: false,
  capacity: () => referenceCapacity,
};
const at = '2022-08-13T00:00:00Z';

test('a full clean region: one server more there is worth the requests that it would take', async () => {
  const { plan, explanation } = await explainInterval(readTrace(wikiTraces()), at, options);
  expect(plan.servers['eu-west-3']).toBe(100);
  const [more] = explanation.serverValues;
  // Ten requests/s move from us-west-1 (473 gCO2e/kWh) to eu-west-3, where the reference's server takes 1 W each.
  const larger = await planInterval(readTrace(wikiTraces()), at, {
    ...options,
    regionRows: new Map([['eu-west-3', { maxServers: 101 }]]),
  });
  expect(more?.region).toBe('eu-west-3');
  expect(more?.grams).toBeCloseTo((larger.carbonSum - plan.carbonSum) / 1000, 9);
  expect(more?.grams).toBeLessThan(0);
  const sydney = explanation.moves.find(({ origin }) => origin === 'ap-southeast-2');
  expect(sydney).toMatchObject({
    destination: 'us-west-1',
    cleaner: [{ destination: 'eu-west-3', limit: 'capacity' }],
  });
  expect(explanation.boundValues).toEqual([]);
});

test('a binding bound: what it keeps an origin from, and what the next region would be worth', async () => {
  const { plan, explanation } = await explainInterval(readTrace(wikiTraces()), at, {
    ...options,
    maxLatencyMs: 100,
  });
  const [first] = explanation.boundValues;
  expect(first).toMatchObject({ origin: 'ap-southeast-2', boundMs: 139.67, destination: 'us-west-1' });
  expect(first?.grams).toBeLessThan(0);
  const gains = explanation.moves.map(({ gainGrams }) => gainGrams);
  expect(Math.min(...gains)).toBeGreaterThan(0);
  expect(plan.maxLatencyMs).toBe(100);
});

test('a policy that sees more than the interval is not explained by it', async () => {
  const trace = readTrace(traceFolder(goodFiles));
  await expect(explainInterval(trace, trace.firstInterval, { ...options, policy: 'static' })).rejects.toThrow(
    /sees more than one interval/,
  );
});

test('a sweep goes from near to clean, and its front is what nothing else beats', async () => {
  const trace = readTrace(wikiTraces());
  const { points } = await sweep(trace, ['carbon', 'latency'], 5, {
    alpha: 0.9,
    keepWarm: false,
    capacity: () => referenceCapacity,
    maxLatenciesMs: [500],
    horizonIntervals: 1,
    switching: freeSwitching,
    from: at,
    to: '2022-08-13T03:00:00Z',
  });
  expect(points).toHaveLength(5);
  const grams = points.map(({ outcome }) => outcome.carbonGrams);
  const ms = points.map(({ outcome }) => outcome.meanLatencyMs ?? NaN);
  expect(grams).toEqual([...grams].sort((a, b) => b - a));
  expect(ms).toEqual([...ms].sort((a, b) => a - b));
  for (const point of points.filter(({ onFront }) => onFront)) {
    const better = points.filter(
      ({ outcome }) =>
        outcome.carbonGrams < point.outcome.carbonGrams &&
        (outcome.meanLatencyMs ?? NaN) < (point.outcome.meanLatencyMs ?? NaN),
    );
    expect(better).toEqual([]);
  }
});
