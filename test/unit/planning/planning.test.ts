import fc from 'fast-check';
import { changeOrder } from '../../../planning/changeOrder';
import { weightsOfRow } from '../../../planning/weights';

describe('weightsOfRow', () => {
  test('224 : 56 is 4 : 1', () => {
    expect(weightsOfRow({ 'us-east-1': 224, 'us-east-2': 56, 'eu-west-3': 0 })).toEqual({
      'us-east-1': 4,
      'us-east-2': 1,
    });
  });

  test('keeps every share exactly and has no common divisor left', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 1, maxLength: 12 }), (counts) => {
        const requests = Object.fromEntries(counts.map((count, index) => [`r${index}`, count]));
        const weights = weightsOfRow(requests);
        const totalRequests = counts.reduce((a, b) => a + b, 0);
        const totalWeight = Object.values(weights).reduce((a, b) => a + b, 0);
        for (const [region, count] of Object.entries(requests)) {
          expect((weights[region] ?? 0) * totalRequests).toBe(count * totalWeight);
        }
        for (const divisor of [2, 3, 5, 7]) {
          expect(
            Object.values(weights).length > 0 &&
              Object.values(weights).every((weight) => weight % divisor === 0),
          ).toBe(false);
        }
      }),
    );
  });
});

describe('changeOrder', () => {
  const cpu = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(3));

  test('every region stands in exactly one step, the right one', () => {
    fc.assert(
      fc.property(cpu, cpu, (live, next) => {
        const { growing, unchanged, shrinking } = changeOrder(live, next);
        expect([...growing, ...unchanged, ...shrinking].sort()).toEqual(Object.keys(next).sort());
        for (const region of growing) expect(next[region]).toBeGreaterThan(live[region] ?? 0);
        for (const region of unchanged) expect(next[region]).toBe(live[region] ?? 0);
        for (const region of shrinking) expect(next[region]).toBeLessThan(live[region] ?? 0);
      }),
    );
  });

  test('the same plan twice moves nothing', () => {
    fc.assert(
      fc.property(cpu, (plan) => {
        const { growing, shrinking } = changeOrder(plan, plan);
        expect([...growing, ...shrinking]).toEqual([]);
      }),
    );
  });
});
