import { countByKind, renderChange } from '../../../cli/render/changes';
import { planBefore, renderMove, withoutMargin } from '../../../cli/render/move';
import { RunPrinter } from '../../../cli/render/runPrinter';
import type { ResourceChange } from '../../../driver/engine/changes';
import type { AppliedInterval } from '../../../driver/runObserver';
import type { IntervalPlan } from '../../../planning/intervalPlan';

const change = (
  operation: ResourceChange['operation'],
  resource: string,
  properties: ResourceChange['properties'] = [],
): ResourceChange => ({ operation, resource, urn: `urn:${resource}`, properties });

const changes = [
  change('update', 'PodCpu us-east-1', [{ path: 'limitMillicores', before: 281, after: 201 }]),
  change('update', 'PodCpu us-west-1', [{ path: 'limitMillicores', before: 51, after: 121 }]),
  change('update', 'Deployment us-east-2', [{ path: 'spec.replicas', before: 0, after: 1 }]),
  change('update', 'Command us-east-2-weights', [{ path: 'stdin', before: 'a\nb', after: 'a\nc' }]),
  change('create', 'PodCpu us-east-2'),
];

describe('what an update moves', () => {
  test('is counted by kind; a resource that is replaced in three steps counts once', () => {
    expect(countByKind(changes)).toBe('2 PodCpu, 1 Deployment, 1 weights updated; 1 PodCpu created');
    const steps = (['create-replacement', 'replace', 'delete-replaced'] as const).map((step) =>
      change(step, 'Command us-east-1-traefik-process'),
    );
    expect(countByKind(steps)).toBe('1 Traefik replaced');
    expect(countByKind([])).toBe('no change');
  });

  test('is told by region: CPU, pods, weights; and every resource where that is asked for', () => {
    const update = { changes, seconds: 3.21, notes: ['a note'] };
    expect(renderChange(update, false)).toBe(
      [
        '  a note',
        '  CPU: us-east-1 281m -> 201m, us-west-1 51m -> 121m',
        '  pods: us-east-2 0 -> 1',
        '  weights of: us-east-2',
        '  2 PodCpu, 1 Deployment, 1 weights updated; 1 PodCpu created, 3.2 s',
      ].join('\n'),
    );
    expect(renderChange(update, true).split('\n')).toEqual(
      expect.arrayContaining([
        '  update PodCpu us-east-1',
        '      limitMillicores: 281 -> 201',
        '      stdin: 1 of 2 lines differ',
        '  create PodCpu us-east-2',
      ]),
    );
  });
});

/** north sends 100/s and south 50/s. */
const planOf = (hour: number, servers: [number, number], northTo: 'north' | 'south'): IntervalPlan => ({
  interval: `2026-01-05T0${hour}:00:00Z`,
  ...{ policy: 'carbon', maxLatencyMs: 150, synthetic: true, regions: ['north', 'south'] },
  servers: { north: servers[0], south: servers[1] },
  cpuMillicores: { north: 10 * servers[0] + 1, south: 10 * servers[1] + 1 },
  requests: { north: { [northTo]: 100 }, south: { south: 50 } },
  weights: { north: { [northTo]: 1 }, south: { south: 1 } },
  ...{
    ...{ heldReady: 'none', standbyMillicores: {}, backup: {} },
    objective: 0,
    carbonSum: northTo === 'north' ? 40_000 : 15_000,
    accounting: 'gCO2e',
    meanLatencyMs: northTo === 'north' ? 1 : 20.5,
  },
  solver: { name: 'glpk', status: 'optimal' },
});
const carbonOf = (interval: string) =>
  interval.includes('T00') ? { north: 300, south: 200 } : { north: 400, south: 100 };

describe('a plan beside the one before', () => {
  const [before, after] = [planOf(0, [10, 5], 'north'), planOf(1, [0, 15], 'south')];

  test('servers, requests, carbon intensity by region; who moves; carbon and latency of both', () => {
    const lines = renderMove(after, planBefore(before), carbonOf).split('\n');
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(lines[0]).toBe('2026-01-05T01:00:00Z  carbon, bound 150 ms, SYNTHETIC trace');
    expect(cells[2]).toEqual(['north', '10 -> 0', '101m -> 1m', '100 -> 0', '300 -> 400', 'south 100']);
    expect(cells[3]).toEqual(['south', '5 -> 15', '51m -> 151m', '50 -> 150', '200 -> 100', 'south 50']);
    expect(lines[4]).toBe('  north moves from north (400 gCO2e/kWh) to south (100 gCO2e/kWh)');
    // By the weights before, 100/s would be served at 400 and 50/s at 100 gCO2e/kWh.
    expect(lines[5]).toBe(
      '  carbon 40000 -> 15000 (requests/s x gCO2e/kWh), 45000 by the weights before, mean latency 1.00 -> 20.50 ms',
    );
  });

  test('of the first plan nothing is said of what was before, but for the stack file’s servers', () => {
    const stackPlan = {
      ...planBefore(before).stackPlan,
      regions: { north: { servers: 0, cpuMillicores: 0 }, south: { servers: 0, cpuMillicores: 0 } },
      weights: {},
    };
    const text = renderMove(before, { stackPlan, plan: null }, carbonOf);
    expect(text).toContain('0 -> 10');
    expect(text).not.toContain('moves from');
    expect(text).toContain('  carbon 40000 (requests/s x gCO2e/kWh), mean latency 1.00 ms');
  });

  test('a region that is still lost when the interval begins is named, though nothing moves', () => {
    const lost = { ...before, without: ['south'] };
    expect(renderMove(lost, planBefore(lost), carbonOf).split('\n')).toContain(
      '  left out, because lost: south; what runs there stays as it is',
    );
  });

  test('nothing moves: one value each, and no line of moves', () => {
    const text = renderMove(before, planBefore(before), carbonOf);
    expect(text).not.toMatch(/->|moves from|by the weights before/);
  });
});

test('a run says that a trace’s plan has no margin, which a live one has', () => {
  const plan = planOf(0, [10, 5], 'north');
  const { stackPlan } = planBefore(plan);
  const applied: AppliedInterval = {
    ...{ plan, stackPlan, preview: null, update: { changes: [], seconds: 1, notes: [] } },
    ...{ verification: [], rows: [], silent: [], prometheusFault: null },
    ...{ startedAtMs: 0, endedAtMs: 1000, inForceAtMs: 500, failures: [] },
    outcome: 'applied',
  };
  const printed: string[] = [];
  const log = jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const printer = new RunPrinter({ stackPlan, plan: null }, carbonOf, false);
  printer.onApplied(applied);
  printer.onApplied({ ...applied, values: {} });
  log.mockRestore();
  expect(printed.map((text) => text.includes(withoutMargin))).toEqual([true, false]);
});
