import { findKnee, KneeError, type KneeSearch, type Verdict } from '../../../calibrate/findKnee';
import { randomSources } from '../../../load/seededRandom';

const search: KneeSearch = { start: 40, growth: 2, least: 2, most: 10_000, resolution: 0.05 };

/** A service that keeps its target up to a rate; what it was asked stands in `asked`. */
function service(carries: number): { measure: (rate: number) => Promise<Verdict>; asked: number[] } {
  const asked: number[] = [];
  const measure = (rate: number): Promise<Verdict> => {
    asked.push(rate);
    return Promise.resolve(rate <= carries ? 'kept' : 'broken');
  };
  return { measure, asked };
}

test.each([3, 39, 40, 41, 150, 223, 9_000])(
  'a service that carries %d: found within 5 %',
  async (carries) => {
    const { measure, asked } = service(carries);
    const { kept, broken } = await findKnee(measure, search);
    expect(kept).toBeLessThanOrEqual(carries);
    expect(broken).toBeGreaterThan(carries);
    expect(broken / kept).toBeLessThanOrEqual(1.05);
    expect(asked.length).toBeLessThan(25);
  },
);

test('what is known makes a search short', async () => {
  const { measure, asked } = service(223);
  await findKnee(measure, { ...search, start: 0.85 * 220, growth: 1.25 });
  expect(asked.length).toBeLessThanOrEqual(9);
});

test('the start and the growth are kept to: 40, 80, 160, 320 twice, then between', async () => {
  const { measure, asked } = service(200);
  await findKnee(measure, search);
  expect(asked.slice(0, 5)).toEqual([40, 80, 160, 320, 320]);
  expect(asked[5]).toBeCloseTo(Math.sqrt(160 * 320), 6);
});

test('a rate that a moment’s delay has broken is tried again', async () => {
  let hiccup = true;
  const { measure } = service(150);
  const { kept } = await findKnee(async (rate) => {
    const verdict = await measure(rate);
    if (rate !== 80 || !hiccup) return verdict;
    hiccup = false;
    return 'broken';
  }, search);
  expect(kept).toBeGreaterThan(140);
});

test('a service whose latency is noisy: half of the searches within 5 % of where half of the steps break', async () => {
  const random = randomSources(5)();
  const offs: number[] = [];
  for (let trial = 0; trial < 200; trial++) {
    // Steps break more and more often from 190 to 210 requests/s.
    const { kept } = await findKnee(
      (rate) => Promise.resolve(rate < 190 + 20 * random() ? 'kept' : 'broken'),
      search,
    );
    offs.push(Math.abs(kept / 200 - 1));
  }
  offs.sort((a, b) => a - b);
  expect(offs[100]).toBeLessThan(0.05);
  expect(offs[199]).toBeLessThan(0.12);
});

test('a service that nothing breaks: the search ends at the most, and says so', async () => {
  const { measure, asked } = service(Infinity);
  const failure = await findKnee(measure, search).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(KneeError);
  expect(String(failure)).toContain('the target is kept at 10000 requests/s, the most that is tried');
  expect(Math.max(...asked)).toBe(10_000);
  expect(asked.length).toBeLessThan(12);
});

test('a service that everything breaks: the search ends at the least, and says so', async () => {
  const { measure, asked } = service(0);
  const failure = await findKnee(measure, search).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(KneeError);
  expect(String(failure)).toContain('broken at 2.0 requests/s already');
  expect(Math.min(...asked)).toBe(2);
});

test('requests that leave late twice end the search: nothing is known of the service', async () => {
  const { measure } = service(300);
  await expect(findKnee(async (rate) => (rate > 100 ? 'late' : measure(rate)), search)).rejects.toThrow(
    /at 160 requests\/s the requests leave late, twice: this machine/,
  );
  let late = true;
  const once = await findKnee(async (rate) => {
    if (rate !== 160 || !late) return measure(rate);
    late = false;
    return 'late';
  }, search);
  expect(once.kept).toBeGreaterThan(280);
});
