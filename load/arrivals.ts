import { randomExponential } from 'd3-random';
import type { RandomSource } from './seededRandom';

/** How requests follow each other: at even distances, so that their number is exact, or as a Poisson process. */
export type Spacing = 'even' | 'poisson';

/** What the world asks for during some time. */
export interface LoadInterval {
  readonly seconds: number;
  /** By origin; 0 or more, and need not be whole. */
  readonly requestsPerSecond: Readonly<Record<string, number>>;
}

export interface Arrival {
  readonly origin: string;
  /** Milliseconds since the interval's start. */
  readonly dueMs: number;
}

/**
 * When the requests of one interval are due, in the order of time; drawn before anything is sent, so that no answer
 * can hold a request back.
 * @param randomOf a source for each origin
 */
export function* arrivalsOf(
  { seconds, requestsPerSecond }: LoadInterval,
  spacing: Spacing,
  randomOf: (origin: string) => RandomSource,
): Generator<Arrival> {
  const times = spacing === 'even' ? evenTimes : poissonTimes;
  const lanes = Object.entries(requestsPerSecond)
    .filter(([, rate]) => rate > 0)
    .map(([origin, rate]) => {
      const iterator = times(rate, seconds, randomOf(origin));
      return { origin, iterator, next: iterator.next() };
    });
  for (;;) {
    let earliest: (typeof lanes)[number] | undefined;
    for (const lane of lanes) {
      if (lane.next.done === true) continue;
      if (earliest === undefined || lane.next.value < (earliest.next.value ?? Infinity)) earliest = lane;
    }
    if (earliest?.next.value === undefined) return;
    yield { origin: earliest.origin, dueMs: earliest.next.value * 1000 };
    earliest.next = earliest.iterator.next();
  }
}

/** Exactly `rate * seconds` times where that is whole. The seed moves origins against each other. */
function* evenTimes(rate: number, seconds: number, random: RandomSource): Generator<number, undefined> {
  const phase = random();
  for (let index = 0; index + phase < rate * seconds; index++) yield (index + phase) / rate;
}

function* poissonTimes(rate: number, seconds: number, random: RandomSource): Generator<number, undefined> {
  const gap = randomExponential.source(random)(rate);
  for (let at = gap(); at < seconds; at += gap()) yield at;
}
