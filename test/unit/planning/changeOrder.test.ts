import fc from 'fast-check';
import { changeOrder, type CpuBefore } from '../../../planning/changeOrder';

const regions = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const ready = (millicores: number): CpuBefore => ({
  readyMillicores: millicores,
  runningMillicores: millicores,
});
const before = fc.dictionary(
  regions,
  fc.oneof(
    fc.nat(3).map(ready),
    fc.nat(3).map((runningMillicores) => ({ readyMillicores: 0, runningMillicores })),
  ),
);
const plan = fc.dictionary(regions, fc.nat(3));

test('every region stands in exactly one step, the right one', () => {
  fc.assert(
    fc.property(before, plan, (live, next) => {
      const { growing, unchanged, shrinking } = changeOrder(live, next);
      expect([...growing, ...unchanged, ...shrinking].sort()).toEqual(Object.keys(next).sort());
      const of = (region: string): CpuBefore & { next: number } => ({
        ...(live[region] ?? ready(0)),
        next: next[region] ?? NaN,
      });
      for (const region of growing) expect(of(region).next).toBeGreaterThan(of(region).readyMillicores);
      for (const region of growing) {
        expect(of(region).next).toBeGreaterThanOrEqual(of(region).runningMillicores);
      }
      for (const region of unchanged) expect(of(region)).toMatchObject(ready(of(region).next));
      for (const region of shrinking) expect(of(region).next).toBeLessThan(of(region).runningMillicores);
    }),
  );
});

test('a plan that is live moves nothing', () => {
  fc.assert(
    fc.property(plan, (live) => {
      const all = Object.fromEntries(Object.entries(live).map(([region, cpu]) => [region, ready(cpu)]));
      const { growing, shrinking } = changeOrder(all, live);
      expect([...growing, ...shrinking]).toEqual([]);
    }),
  );
});

test('a region whose pods are not ready grows to what it has, and shrinks after the weights all the same', () => {
  const failing = { r: { readyMillicores: 0, runningMillicores: 200 } };
  expect(changeOrder(failing, { r: 200 }).growing).toEqual(['r']);
  expect(changeOrder(failing, { r: 150 }).shrinking).toEqual(['r']);
});

test('nothing waits for a region that is lost, whatever is planned for it', () => {
  const live = { lost: { readyMillicores: 0, runningMillicores: 200 }, alive: ready(100) };
  expect(changeOrder(live, { lost: 300, alive: 200 }, ['lost'])).toEqual({
    growing: ['alive'],
    unchanged: ['lost'],
    shrinking: [],
  });
});
