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

/** How a figure grew once everything was warm; pure. NaN where there are fewer than two samples. */
export function growthOf<Figure extends string>(samples: readonly Sample<Figure>[], figure: Figure): Growth {
  const counted = samples.slice(Math.floor(samples.length * warmUp));
  const tenth = Math.max(1, Math.floor(counted.length / 10));
  const values = counted.map(({ figures }) => figures[figure]);
  const slopes = counted.flatMap(({ atMs, figures }, index) =>
    counted
      .slice(index + 1)
      .map((later) => (3_600_000 * (later.figures[figure] - figures[figure])) / (later.atMs - atMs)),
  );
  return {
    first: median(values.slice(0, tenth)),
    last: median(values.slice(-tenth)),
    perHour: median(slopes),
  };
}
