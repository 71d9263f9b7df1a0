import { referenceCapacity } from '../../../stack/capacity';
import { freeSwitching } from '../../../planning/decide';
import { planInterval, planOverHoles, planRange } from '../../../planning/planRange';
import { readTrace } from '../../../traces/readTrace';
import { stackPlanOf } from '../../../planning/intervalPlan';
import { simulate } from '../../../study/simulation';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

afterAll(removeTraceFolders);

const options = {
  policy: 'carbon',
  maxLatencyMs: 500,
  alpha: 0.9,
  keepWarm: false,
  capacity: () => referenceCapacity,
  horizonIntervals: 3,
  switching: freeSwitching,
};

test('plans of a policy that sees an interval are those of the intervals alone', async () => {
  const trace = readTrace(traceFolder(goodFiles));
  const plans = await planRange(trace, trace.firstInterval, 4, options);
  expect(plans.map(({ interval }) => interval)).toEqual([
    '2025-06-01T00:00:00Z',
    '2025-06-01T01:00:00Z',
    '2025-06-01T02:00:00Z',
    '2025-06-01T03:00:00Z',
  ]);
  for (const plan of plans) {
    const alone = await planInterval(trace, plan.interval, options);
    expect(plan).toEqual(alone);
  }
});

test('a policy that looks ahead keeps servers that are needed again, and looks no further than the trace', async () => {
  const trace = readTrace(
    traceFolder({
      ...goodFiles,
      'carbon_intensities.csv': `timestamp,north,south,west
1748736000,100,200,300
1748739600,110,100,300
1748743200,100,200,300
1748746800,100,200,300
`,
    }),
  );
  const servers = async (gramsPerServerChange: number): Promise<number[]> => {
    const plans = await planRange(trace, trace.firstInterval, 4, {
      ...options,
      policy: 'horizon',
      switching: { ...freeSwitching, gramsPerServerChange },
    });
    return plans.map((plan) => plan.servers['north'] ?? 0);
  };
  // 69 requests/s for an hour at 10 g/kWh less: 0.7 g for 14 servers changed, and as many on the way back.
  expect((await servers(0))[1]).toBe(0);
  expect((await servers(0.1))[1]).toBeGreaterThan(0);
});

test.each(['carbon', 'horizon'])('%s: two runs give the same plans', async (policy) => {
  const trace = readTrace(traceFolder(goodFiles));
  const run = () => planRange(trace, trace.firstInterval, 4, { ...options, policy });
  expect(await run()).toEqual(await run());
});

test('an interval without a placement stops the range with its name', async () => {
  const trace = readTrace(traceFolder(goodFiles));
  const tight = { ...options, maxLatencyMs: 10, capacity: () => ({ ...referenceCapacity, maxServers: 3 }) };
  await expect(planRange(trace, trace.firstInterval, 4, tight)).rejects.toThrow(/2025-06-01T01:00:00Z/);
});

describe('hours of which the trace lacks something', () => {
  const carbonHole = goodFiles['carbon_intensities.csv'].replace('110,210,310', '110,,310');
  const requestHole = goodFiles['requests.csv'].replace(/^1748743200.*\n/m, '');
  const trace = readTrace(
    traceFolder({ ...goodFiles, 'carbon_intensities.csv': carbonHole, 'requests.csv': requestHole }),
  );
  const first = trace.firstInterval;

  test('have the plan of the hour before: its weights and servers, for the requests that are known', async () => {
    const plans = await planOverHoles(trace, first, 4, options);
    const [own, noCarbon, noRequests, last] = plans;
    if (!own || !noCarbon || !noRequests || !last) throw new Error('there are four plans');
    expect(plans.map(({ held }) => held !== undefined)).toEqual([false, true, true, false]);
    expect(noCarbon.held).toContain(
      'has a hole at 2025-06-01T01:00:00Z: the carbon intensity of south is missing',
    );
    expect(noRequests.held).toContain('requests.csv has no row for that hour');
    const fixed = ({ weights, servers, cpuMillicores }: typeof own) => ({ weights, servers, cpuMillicores });
    expect(fixed(noCarbon)).toEqual(fixed(own));
    expect(fixed(noRequests)).toEqual(fixed(own));
    const demand = ({ requests }: typeof own): number[] =>
      ['north', 'south', 'west'].map((origin) =>
        Object.values(requests[origin] ?? {}).reduce((sum, count) => sum + count, 0),
      );
    expect(demand(noCarbon)).toEqual([11, 21, 31]);
    // Of the third hour nothing is known: it has those of the one before.
    expect(demand(noRequests)).toEqual([11, 21, 31]);
    expect([noCarbon.carbonSum, noRequests.carbonSum]).toEqual([NaN, NaN]);
    // They were not planned for these requests.
    expect(stackPlanOf(noCarbon).accepts).toEqual(['overCapacity']);
    expect(last).toEqual(await planInterval(trace, '2025-06-01T03:00:00Z', options));
  });

  test('are left out of what other policies would have done', async () => {
    const range = { ...options, policies: ['carbon', 'oracle'], maxLatenciesMs: [500], overHoles: true };
    const { results } = await simulate(trace, range);
    expect(results).toHaveLength(2);
    await expect(simulate(trace, { ...range, overHoles: false })).rejects.toThrow('has a hole at');
  });

  test('at the beginning, and outside the trace, are refused', async () => {
    await expect(planOverHoles(trace, '2025-06-01T01:00:00Z', 2, options)).rejects.toThrow('has a hole at');
    await expect(planOverHoles(trace, first, 5, options)).rejects.toThrow('is outside the trace');
  });

  test('a policy that looks ahead looks over them', async () => {
    const plans = await planOverHoles(trace, first, 4, { ...options, policy: 'horizon' });
    expect(plans.map(({ held }) => held !== undefined)).toEqual([false, true, true, false]);
  });
});
