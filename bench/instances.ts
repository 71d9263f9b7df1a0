import { uniformCapacity } from '../planning/regionCapacity';
import type { PlacementProblem } from '../policies/problem';

/** Numbers from 0 to 1, the same at every run: mulberry32 (Tommy Ettinger, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Random latencies, shared carbon intensities, idle origins, capacity that binds; some problems have no placement. */
export function randomProblem(
  random: () => number,
  minRegions: number,
  maxRegions: number,
): PlacementProblem {
  const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  const count = whole(minRegions, maxRegions);
  const each = <T>(value: () => T): T[] => Array.from({ length: count }, value);
  const regions = Array.from({ length: count }, (_, index) => `r${String(index).padStart(3, '0')}`);
  const requests = each(() => (random() < 0.2 ? 0 : whole(1, 400)));
  return {
    regions,
    // The reference's objective divides by the requests: one origin at least has some.
    requestsPerSecond: requests.every((value) => value === 0) ? requests.map(() => 1) : requests,
    carbonGramsPerKwh: each(() => (random() < 0.3 ? 300 : whole(1, 900))),
    latencyMs: each(() => each(() => whole(1, 300))),
    capacity: uniformCapacity(regions, {
      requestsPerServer: [7, 10][whole(0, 1)] ?? 10,
      maxServersPerRegion: [20, 40, 100][whole(0, 2)] ?? 100,
    }),
    maxLatencyMs: [50, 100, 150, Infinity][whole(0, 3)] ?? Infinity,
  };
}

/**
 * Regions at random places on the globe. Latency follows distance, 15 ms for 1,000 km there and back, so a bound makes
 * neighbourhoods.
 */
export function globalProblem(random: () => number, count: number, maxLatencyMs: number): PlacementProblem {
  const regions = Array.from({ length: count }, (_, index) => `r${String(index).padStart(3, '0')}`);
  const places = regions.map(() => {
    const [height, angle] = [2 * random() - 1, 2 * Math.PI * random()];
    const radius = Math.sqrt(1 - height * height);
    return [radius * Math.cos(angle), radius * Math.sin(angle), height] as const;
  });
  const kilometres = (a: readonly number[], b: readonly number[]): number =>
    6371 *
    Math.acos(
      Math.min(
        1,
        a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0),
      ),
    );
  return {
    regions,
    requestsPerSecond: regions.map(() => Math.floor(50 + 600 * random())),
    carbonGramsPerKwh: regions.map(() => Math.round(10_000 * (20 + 700 * random())) / 10_000),
    latencyMs: places.map((a) => places.map((b) => 3 + 0.015 * kilometres(a, b))),
    capacity: uniformCapacity(regions, { requestsPerServer: 10, maxServersPerRegion: 100 }),
    maxLatencyMs,
  };
}

/** 24 hours in which every region's requests and carbon rise and fall, each at its own time. */
export function throughTheDay(problem: PlacementProblem): PlacementProblem[] {
  const wave = (hour: number, index: number): number => Math.sin(((hour + index) / 12) * Math.PI);
  return Array.from({ length: 24 }, (_, hour) => ({
    ...problem,
    requestsPerSecond: problem.requestsPerSecond.map((requests, index) =>
      Math.round(requests * (1 + 0.4 * wave(hour, index))),
    ),
    carbonGramsPerKwh: problem.carbonGramsPerKwh.map(
      (grams, index) => grams * (1 + 0.3 * wave(hour, 3 * index)),
    ),
  }));
}
