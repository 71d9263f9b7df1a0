import { referenceCapacity } from '../../../stack/capacity';
import { freeSwitching } from '../../../planning/decide';
import { outcomeOf } from '../../../study/outcome';
import { uniformCapacity } from '../../../planning/regionCapacity';
import { simulate, type Simulated, type SimulationOptions } from '../../../study/simulation';
import type { Decision, PlacementProblem, RegionCapacity } from '../../../policies/problem';
import { readTrace } from '../../../traces/readTrace';
import { removeTraceFolders, traceFolder, goodFiles } from '../traces/traceFolder';
import { wikiTraces } from '../wikiTraces';

const [region] = uniformCapacity(['a'], { requestsPerServer: 10, maxServersPerRegion: 100 });
const capacity = {
  ...(region as RegionCapacity),
  idleWatts: 100,
  dynamicWatts: 50,
  pue: 1.2,
  embodiedGramsPerServerHour: 0,
  pricePerServerHour: 0.5,
};
const outcome = (range: PlacementProblem[], decisions: Decision[]) =>
  outcomeOf(range, decisions, freeSwitching);
const truth: PlacementProblem = {
  regions: ['a', 'b'],
  requestsPerSecond: [30, 10],
  carbonGramsPerKwh: [400, 100],
  latencyMs: [
    [1, 20],
    [20, 2],
  ],
  capacity: [capacity, capacity],
  maxLatencyMs: 100,
};

describe('outcomeOf', () => {
  test('energy is idle power and a slope, times PUE; carbon and cost follow from it', () => {
    const result = outcome(
      [truth],
      [
        {
          servers: [2, 3],
          requests: [
            [20, 10],
            [0, 10],
          ],
        },
      ],
    );
    // a: 1.2 * (2 * 100 W + 50 W * 20 / 10) = 360 W; b: 1.2 * (3 * 100 W + 50 W * 20 / 10) = 480 W.
    expect(result.energyKwh).toBeCloseTo(0.84, 12);
    expect(result.carbonGrams).toBeCloseTo(0.36 * 400 + 0.48 * 100, 9);
    expect(result.carbonSum).toBe(20 * 400 + 20 * 100);
    expect(result.cost).toBe(2.5);
  });

  test('latencies are weighted by requests', () => {
    const result = outcome(
      [truth],
      [
        {
          servers: [3, 2],
          requests: [
            [29, 1],
            [0, 10],
          ],
        },
      ],
    );
    expect(result.meanLatencyMs).toBeCloseTo((29 * 1 + 1 * 20 + 10 * 2) / 40, 12);
    expect(result.p95LatencyMs).toBe(2);
  });

  test('more requests than were planned for go the planned way, and overload it', () => {
    const crowd = { ...truth, requestsPerSecond: [90, 10] };
    const result = outcome(
      [crowd],
      [
        {
          servers: [2, 3],
          requests: [
            [20, 10],
            [0, 10],
          ],
        },
      ],
    );
    expect(result.overloadMinutes).toBe(120);
    expect(result.overloadRequests).toBeCloseTo(60 - 20 + (30 + 10 - 30), 9);
  });

  test('requests that nobody expected go to the nearest region that serves', () => {
    const result = outcome(
      [truth],
      [
        {
          servers: [0, 4],
          requests: [
            [0, 30],
            [0, 0],
          ],
        },
      ],
    );
    expect(result.meanLatencyMs).toBeCloseTo((30 * 20 + 10 * 2) / 40, 12);
    expect(result.overloadMinutes).toBe(0);
  });

  test('requests that nobody expected keep within the bound and residency, or are unserved', () => {
    const decision = {
      servers: [0, 4],
      requests: [
        [0, 0],
        [0, 10],
      ],
    };
    const tooFar = outcome([{ ...truth, maxLatencyMs: 10 }], [decision]);
    const notAllowed = outcome(
      [
        {
          ...truth,
          allowed: [
            [true, false],
            [true, true],
          ],
        },
      ],
      [decision],
    );
    for (const result of [tooFar, notAllowed]) {
      expect(result.unservedRequests).toBe(30);
      expect(result.requests).toBe(40);
      expect(result.meanLatencyMs).toBe(2);
    }
    expect(outcome([truth], [decision]).unservedRequests).toBe(0);
  });

  test('changes count servers started and stopped, and the regions that they are in', () => {
    const requests = [
      [30, 0],
      [0, 10],
    ];
    const result = outcome(
      [truth, truth, truth],
      [
        { servers: [3, 1], requests },
        { servers: [5, 1], requests },
        { servers: [4, 2], requests },
      ],
    );
    expect(result.serverChanges).toBe(2 + 1 + 1);
    expect(result.regionChanges).toBe(3);
    expect(result.servers).toBe(16);
  });
});

describe('simulate', () => {
  afterAll(removeTraceFolders);
  const options: SimulationOptions = {
    policies: ['carbon', 'latency', 'replay', 'static', 'oracle'],
    maxLatenciesMs: [500],
    alpha: 0.9,
    keepWarm: false,
    capacity: () => referenceCapacity,
    switching: freeSwitching,
    horizonIntervals: 24,
  };

  test('a day of the reference’s data: carbon is its sum, and savings are stated against every baseline', async () => {
    const { results } = await simulate(readTrace(wikiTraces()), {
      ...options,
      from: '2022-08-13T00:00:00Z',
      to: '2022-08-14T00:00:00Z',
    });
    const byPolicy = new Map(results.map((result) => [result.policy, result as Simulated]));
    const carbon = byPolicy.get('carbon');
    expect(carbon?.outcome.carbonSum).toBeCloseTo(2_047_036, 3);
    expect(carbon?.outcome.carbonGrams).toBeCloseTo(2047.036, 6);
    expect(carbon?.outcome.overloadMinutes).toBe(0);
    expect(carbon?.savedAgainst['replay']).toBeCloseTo(1 - 2_047_036 / 8_837_961.566391, 9);
    expect(Object.keys(carbon?.savedAgainst ?? {})).toEqual(['latency', 'replay', 'static']);
    expect(byPolicy.get('oracle')?.outcome).toEqual(carbon?.outcome);
    expect(byPolicy.get('static')?.outcome.serverChanges).toBe(0);
  });

  test('a policy without a placement is told from the others, with the interval', async () => {
    const { results } = await simulate(readTrace(traceFolder(goodFiles)), {
      ...options,
      policies: ['carbon', 'latency'],
      capacity: () => ({ ...referenceCapacity, maxServers: 3 }),
      maxLatenciesMs: [10],
    });
    expect(results[0]).toMatchObject({ policy: 'carbon', interval: '2025-06-01T01:00:00Z' });
    expect(results[1]).toMatchObject({ policy: 'latency', outcome: { intervals: 4 } });
  });

  test('a range that holds nothing, and a policy that does not exist', async () => {
    const trace = readTrace(traceFolder(goodFiles));
    const backwards = { ...options, from: '2025-06-01T01:00:00Z', to: '2025-06-01T01:00:00Z' };
    await expect(simulate(trace, backwards)).rejects.toThrow(/--to must be after --from/);
    await expect(simulate(trace, { ...options, policies: ['carbn'] })).rejects.toThrow(
      /Unknown policy carbn; expected one of: carbon, latency/,
    );
    await expect(simulate(trace, { ...options, to: '2025-06-02T00:00:00Z' })).rejects.toThrow(
      /outside the trace/,
    );
  });
});
