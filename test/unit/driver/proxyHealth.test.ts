import { LossVerdicts } from '../../../driver/proxyHealth';
import { lostRegions } from '../../../driver/verify/servedWeights';

describe('a loss', () => {
  const verdicts = () => new LossVerdicts(3000, 20_000);

  test('counts once it has lasted, and a return once it has', () => {
    const health = verdicts();
    expect(health.observe(['a'], 0)).toBe(false);
    expect(health.observe(['a'], 2999)).toBe(false);
    expect(health.observe(['a'], 3000)).toBe(true);
    expect(health.lost).toEqual(['a']);
    expect(health.observe([], 4000)).toBe(false);
    expect(health.observe([], 23_999)).toBe(false);
    expect(health.observe([], 24_000)).toBe(true);
    expect(health.lost).toEqual([]);
  });

  test('that comes and goes counts from its last beginning', () => {
    const health = verdicts();
    health.observe(['a'], 0);
    health.observe([], 2000);
    expect(health.observe(['a'], 2500)).toBe(false);
    expect(health.observe(['a'], 5000)).toBe(false);
    expect(health.observe(['a', 'b'], 5500)).toBe(true);
    expect(health.observe(['a'], 9000)).toBe(false);
    expect(health.lost).toEqual(['a']);
  });

  test('of regions that fall together counts for all of them, but for what was lost in this very look', () => {
    const health = verdicts();
    health.observe(['a'], 0);
    health.observe(['a', 'b'], 2000);
    expect(health.observe(['a', 'b', 'c'], 3000)).toBe(true);
    expect(health.lost).toEqual(['a', 'b']);
    expect(health.observe(['a', 'b'], 4000)).toBe(false);
    expect(health.lost).toEqual(['a', 'b']);
  });
});

test('a region is lost where all proxies that ask it agree; one that nobody asks is not', () => {
  expect(
    lostRegions([
      { asked: ['a', 'b', 'c'], lost: ['a', 'b'] },
      { asked: ['a', 'b'], lost: ['b'] },
      { asked: [], lost: [] },
    ]),
  ).toEqual(['b']);
  expect(lostRegions([])).toEqual([]);
});
