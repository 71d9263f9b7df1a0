import { referenceCapacity } from '../../../stack/capacity';
import { freeSwitching } from '../../../planning/decide';
import { planInterval, planRange } from '../../../planning/planRange';
import { readTrace } from '../../../traces/readTrace';
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
