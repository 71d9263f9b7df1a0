import fc from 'fast-check';
import { counterIncrease, scrapeSpan, type ScrapeSpan } from '../../../observe/counterIncrease';
import type { Sample } from '../../../observe/prometheus';
import { isUnknown } from '../../../observe/unknown';

const pauseMs = 2500;

/** A scrape every second from 0 on, 1 or 0 for each; null for one that never came. */
function scrapes(...up: (number | null)[]): Sample[] {
  return up.flatMap((value, second) => (value === null ? [] : [{ atMs: second * 1000, value }]));
}

function known(up: readonly Sample[], fromMs: number, toMs: number): ScrapeSpan {
  const span = scrapeSpan(up, fromMs, toMs, pauseMs);
  if (isUnknown(span)) throw new Error(span.unknown);
  return span;
}

describe('which scrapes tell', () => {
  test('from the last one up to the first edge to the last one up to the second', () => {
    expect(known(scrapes(1, 1, 1, 1, 1), 1500, 3999).scrapesMs).toEqual([1000, 2000, 3000]);
    expect(known(scrapes(1, 1, 1, 1, 1), 1000, 4000).scrapesMs).toEqual([1000, 2000, 3000, 4000]);
  });

  test.each([
    [
      'none before the first edge',
      scrapes(null, null, 1, 1, 1),
      1500,
      'no scrape in the 2500 ms up to 1970-01-01T00:00:01.500Z',
    ],
    [
      'the one before is too old',
      scrapes(1, null, null, null, 1, 1),
      3000,
      'no scrape in the 2500 ms up to 1970-01-01T00:00:03.000Z',
    ],
    [
      'the target was down at the first edge',
      scrapes(1, 0, 1, 1, 1),
      1500,
      'the target was down at 1970-01-01T00:00:01.000Z',
    ],
  ])('unknown: %s', (_, up, fromMs, reason) => {
    expect(scrapeSpan(up, fromMs, 4500, pauseMs)).toEqual({ unknown: reason });
  });

  test('unknown: the target was down, or scrapes ceased, at the second edge', () => {
    expect(scrapeSpan(scrapes(1, 1, 0), 500, 2500, pauseMs)).toEqual({
      unknown: 'the target was down at 1970-01-01T00:00:02.000Z',
    });
    expect(scrapeSpan(scrapes(1, 1), 500, 4000, pauseMs)).toEqual({
      unknown: 'no scrape in the 2500 ms up to 1970-01-01T00:00:04.000Z',
    });
  });

  test('scrapes that failed, or did not come, are marked at the next one', () => {
    const span = known(scrapes(1, 0, 1, 1, null, null, 1), 0, 6000);
    expect(span.scrapesMs).toEqual([0, 2000, 3000, 6000]);
    expect([...span.afterAbsence]).toEqual([2000, 6000]);
  });
});

describe('by how much a counter grew', () => {
  const span = known(scrapes(1, 1, 1, 1, 1), 1500, 4500);

  test('from its value before the first edge', () => {
    expect(counterIncrease(scrapes(3, 10, 14, 14, 20), span)).toEqual({ increase: 10, resets: 0 });
  });

  test('a counter that was not there before starts at 0, also when it comes with a large value', () => {
    expect(counterIncrease(scrapes(null, null, 5, 7, 7), span)).toEqual({ increase: 7, resets: 0 });
    expect(counterIncrease([], span)).toEqual({ increase: 0, resets: 0 });
  });

  test('a drop is a new beginning: what it shows counts from 0', () => {
    expect(counterIncrease(scrapes(0, 100, 110, 4, 9), span)).toEqual({ increase: 19, resets: 1 });
    expect(counterIncrease(scrapes(0, 100, null, 4, 9), span)).toEqual({ increase: 9, resets: 1 });
  });

  test('a beginning anew that has passed the old value by the next scrape: the process’s start tells', () => {
    const up = scrapes(1, 1, 1, 1, 1);
    const starts = scrapes(900, 900, 900, 950, 950);
    const restarted = scrapeSpan(up, 1500, 4500, pauseMs, starts);
    if (isUnknown(restarted)) throw new Error(restarted.unknown);
    // 5, then anew up to 7: at least those 7, and not the difference of 2.
    expect(counterIncrease(scrapes(0, 5, 5, 7, 9), restarted)).toEqual({ increase: 9, resets: 1 });
    const away = scrapeSpan(scrapes(1, 1, 0, 1, 1), 1500, 4500, pauseMs, scrapes(900, 900, null, 950, 950));
    if (isUnknown(away)) throw new Error(away.unknown);
    expect(counterIncrease(scrapes(0, 5, null, 7, 9), away)).toEqual({
      unknown: expect.stringContaining('its counters began anew meanwhile') as unknown,
    });
  });

  test('over an absence of the same process a larger value is exact, a smaller one unknown', () => {
    const sameProcess = scrapes(900, 900, null, 900, 900);
    const away = scrapeSpan(scrapes(1, 1, 0, 1, 1), 1500, 4500, pauseMs, sameProcess);
    if (isUnknown(away)) throw new Error(away.unknown);
    expect(counterIncrease(scrapes(0, 100, null, 130, 131), away)).toEqual({ increase: 31, resets: 0 });
    expect(counterIncrease(scrapes(0, 100, null, 30, 131), away)).toEqual({
      unknown:
        'away between 1970-01-01T00:00:01.000Z and 1970-01-01T00:00:03.000Z, and its counters began anew meanwhile',
    });
  });

  test('intervals that adjoin add up to the whole, wherever the edges are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 5, maxLength: 40 }),
        fc.array(fc.nat(40_000), { minLength: 1, maxLength: 6 }),
        (steps, cuts) => {
          let value = 0;
          const samples = steps.map((step, second) => ({ atMs: second * 1000, value: (value += step) }));
          const up = samples.map(({ atMs }) => ({ atMs, value: 1 }));
          const endMs = (steps.length - 1) * 1000;
          const edges = [0, ...cuts.map((cut) => Math.min(cut, endMs)), endMs].sort((a, b) => a - b);
          const total = edges.slice(1).reduce((sum, toMs, index) => {
            const part = counterIncrease(samples, known(up, edges[index] ?? NaN, toMs));
            if (isUnknown(part)) throw new Error(part.unknown);
            return sum + part.increase;
          }, 0);
          expect(total).toBe(value - (steps[0] ?? NaN));
        },
      ),
    );
  });
});
