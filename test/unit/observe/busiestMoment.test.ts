import { busiestMoment, busiestMoments } from '../../../observe/busiestMoment';
import type { ReceivedRequests } from '../../../observe/receivedRequests';

const span = (origin: string, fromMs: number, requests: number): ReceivedRequests => ({
  origin,
  destination: 'd',
  fromMs,
  toMs: fromMs + 1000,
  requests,
});
const scrapes = (origin: string, fromMs: number, ...requests: number[]): ReceivedRequests[] =>
  requests.map((count, index) => span(origin, fromMs + 1000 * index, count));
const ready = (...moments: [atMs: number, servers: number][]) =>
  moments.map(([atMs, d]) => ({ atMs, servers: { d } }));
const always = (servers: number) => ready([-1000, servers], [9000, servers]);

test('origins add up, though their Traefiks are scraped at other moments', () => {
  const received = [...scrapes('a', 0, 30, 30, 30, 30), ...scrapes('b', -500, 60, 60, 60, 60)];
  expect(busiestMoment(received, always(10), () => 10)).toEqual({
    destination: 'd',
    atMs: 0,
    requestsPerSecond: 90,
    capacityRequestsPerSecond: 100,
    load: 0.9,
  });
});

test('servers that leave before the requests do are an overload', () => {
  const received = scrapes('a', 0, 100, 100, 100, 100, 100, 100);
  expect(busiestMoment(received, ready([0, 10], [2500, 2], [9000, 2]), () => 10)?.load).toBeCloseTo(5);
  expect(busiestMoment(received, ready([0, 10], [2500, 0], [9000, 0]), () => 10)?.load).toBe(Infinity);
});

test('servers that come before the requests do are none', () => {
  const received = scrapes('a', 0, 10, 10, 10, 100, 100, 100);
  expect(busiestMoment(received, ready([0, 1], [2900, 10], [9000, 10]), () => 10)?.load).toBeLessThanOrEqual(
    1,
  );
});

test('a scrape that comes late is no load: what one second has too much the next has too little', () => {
  expect(busiestMoment(scrapes('a', 0, 100, 115, 85, 100), always(10), () => 10)?.load).toBe(1);
});

test('nothing received, or nothing known of the servers or of an origin: no answer', () => {
  expect(busiestMoment(scrapes('a', 0, 0, 0, 0), always(1), () => 10)).toBeNull();
  expect(busiestMoment(scrapes('a', 0, 50, 50, 50), [], () => 10)).toBeNull();
  expect(busiestMoment([...scrapes('a', 0, 50, 50, 50), span('b', 0, 1)], always(10), () => 10)).toBeNull();
});

test('every destination that received anything has its own busiest moment', () => {
  const elsewhere = scrapes('a', 0, 20, 20, 20, 80).map((span) => ({ ...span, destination: 'e' }));
  const silent = scrapes('a', 0, 0, 0, 0, 0).map((span) => ({ ...span, destination: 'f' }));
  const received = [...scrapes('a', 0, 90, 90, 90, 90), ...elsewhere, ...silent];
  const servers = { d: 10, e: 10, f: 10 };
  const moments = busiestMoments(
    received,
    [-1000, 9000].map((atMs) => ({ atMs, servers })),
    () => 10,
  );
  expect(moments.map(({ destination, atMs, load }) => [destination, atMs, load])).toEqual([
    ['d', 0, 0.9],
    ['e', 1000, 0.4],
  ]);
});
