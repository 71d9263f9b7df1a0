const day = 24;
/** A gap of up to so many hours is bridged by a line: a day's shape hardly bends in it. */
const shortGapHours = 3;

/**
 * A series whose holes are filled for a forecaster that needs every hour. Short gaps are bridged by a line; an hour of
 * a longer one gets the mean of the nearest days' values at the same time, one before and one after, or the one that
 * there is; failing these, what lies next to the gap.
 * @returns NaN where nothing is known at all
 */
export function withoutHoles(values: readonly (number | null)[]): number[] {
  return values.map(
    (value, hour) =>
      value ??
      between(values, hour, 1, shortGapHours) ??
      nextTo(values, hour, day) ??
      nextTo(values, hour, 1) ??
      NaN,
  );
}

interface Known {
  readonly value: number;
  readonly steps: number;
}

/** On the line between the nearest known values, where they are no more steps apart than a gap may be long. */
function between(
  values: readonly (number | null)[],
  hour: number,
  step: number,
  longest: number,
): number | null {
  const [before, after] = [nearest(values, hour, -step), nearest(values, hour, step)];
  if (!before || !after || before.steps + after.steps - 1 > longest) return null;
  return before.value + ((after.value - before.value) * before.steps) / (before.steps + after.steps);
}

/** The mean of the nearest known values, or the one that there is. */
function nextTo(values: readonly (number | null)[], hour: number, step: number): number | null {
  const [before, after] = [nearest(values, hour, -step), nearest(values, hour, step)];
  if (before && after) return (before.value + after.value) / 2;
  return (before ?? after)?.value ?? null;
}

function nearest(values: readonly (number | null)[], hour: number, step: number): Known | null {
  for (let steps = 1; ; steps++) {
    const value = values[hour + steps * step];
    if (value === undefined) return null;
    if (value !== null) return { value, steps };
  }
}
