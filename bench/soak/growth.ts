import { median } from '../median';

/** What was looked at once, by name. */
export interface Sample<Figure extends string> {
  /** Unix time in ms. */
  readonly atMs: number;
  readonly figures: Readonly<Record<Figure, number>>;
}

/** How a figure went over a soak. */
export interface Growth {
  /** Medians of the first and of the last tenth of what counts. */
  readonly first: number;
  readonly last: number;
  /** Theil and Sen's slope, the median of those of all pairs: a single spike does not move it. */
  readonly perHour: number;
}

/** Caches fill and pools open in the beginning: that part of a soak is no growth. */
const warmUp = 0.25;

/** How each figure grew once everything was warm; pure. NaN where there are fewer than two samples. */
export function growthOf<Figure extends string>(
  samples: readonly Sample<Figure>[],
  figures: readonly Figure[],
): Record<Figure, Growth> {
  const counted = samples.slice(Math.floor(samples.length * warmUp));
  const tenth = Math.max(1, Math.floor(counted.length / 10));
  const growth = (figure: Figure): Growth => {
    const values = counted.map((sample) => sample.figures[figure]);
    const slopes = counted.flatMap(({ atMs, figures: before }, index) =>
      counted
        .slice(index + 1)
        .map((later) => (3_600_000 * (later.figures[figure] - before[figure])) / (later.atMs - atMs)),
    );
    return {
      first: median(values.slice(0, tenth)),
      last: median(values.slice(-tenth)),
      perHour: median(slopes),
    };
  };
  return Object.fromEntries(figures.map((figure) => [figure, growth(figure)])) as Record<Figure, Growth>;
}

/** A line a figure. */
export function printGrowth(growth: Readonly<Record<string, Growth>>): void {
  for (const [figure, { first, last, perHour }] of Object.entries(growth)) {
    console.log(
      `${figure.padEnd(16)} ${first.toFixed(1).padStart(10)} -> ${last.toFixed(1).padStart(10)}   ${perHour.toFixed(2).padStart(9)} an hour`,
    );
  }
}
