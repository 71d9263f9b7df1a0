import { randomExponential, randomNormal } from 'd3-random';
import type { RandomSource } from './seededRandom';

/**
 * How the rate goes up and down within an interval, as factors of the interval's rate: the workload shapes of the
 * reference (carbonfirst/casper, CAP/CAP.py, generate_request_workload). There the factors are rounded up to whole
 * numbers, which leaves little of the shapes; here they are not.
 */
const shapes = {
  /** Exponential with the mean 0.5. */
  EXPONENTIAL: (steps, random) => factors(steps, randomExponential.source(random)(2)),
  /** Normal, the first half of the steps around 1, the second around 1.1. */
  BIMODAL: (steps, random) => {
    const first = Math.floor(steps / 2);
    const normal = randomNormal.source(random);
    return [...factors(first, normal(1, 0.12)), ...factors(steps - first, normal(1.1, 0.06))];
  },
  /** Normal, the thirds of the steps around 0.9, 1 and 1.1; what does not divide goes to the middle. */
  TRIMODAL: (steps, random) => {
    const third = Math.floor(steps / 3);
    const normal = randomNormal.source(random);
    return [
      ...factors(third, normal(0.9, 0.07)),
      ...factors(steps - 2 * third, normal(1, 0.07)),
      ...factors(third, normal(1.1, 0.07)),
    ];
  },
} satisfies Record<string, (steps: number, random: RandomSource) => number[]>;

export type WorkloadShape = keyof typeof shapes;

export const workloadShapes = Object.keys(shapes) as WorkloadShape[];

/**
 * Draws the rates of one interval's steps.
 * @param requestsPerSecond of the interval, by origin
 * @param steps equal parts of the interval
 * @param newSource gives one source an origin
 * @returns requests/s by origin for every step: whole, 0 or more
 */
export function shapedRates(
  shape: WorkloadShape,
  requestsPerSecond: Readonly<Record<string, number>>,
  steps: number,
  newSource: () => RandomSource,
): Record<string, number>[] {
  const factorsOf = Object.entries(requestsPerSecond).map(
    ([origin, rate]) => ({ origin, rate, factors: shapes[shape](steps, newSource()) }) as const,
  );
  return Array.from({ length: steps }, (_, step) =>
    Object.fromEntries(
      factorsOf.map(({ origin, rate, factors }) => [
        origin,
        Math.max(0, Math.round(rate * (factors[step] ?? NaN))),
      ]),
    ),
  );
}

function factors(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}
