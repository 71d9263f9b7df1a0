import { carbon, type CarbonOptions } from './carbon';
import { horizon } from './horizon';
import { stateAfter } from './model/initialState';
import type { Place, PlaceAll, Placement, RangePolicy, Switching } from './problem';

/** Two days are planned at a time and one is kept: what is further away hardly matters for the first day. */
const window = { planned: 48, kept: 24 };

/**
 * What could be done by whoever knew every interval as it turns out: a range policy is always given the truth, where
 * a simulation gives the others forecasts. As `carbon` where changes are free, otherwise as `horizon`.
 */
export function oracle(options: CarbonOptions): RangePolicy {
  const { place } = carbon(options);
  const { placeAll } = horizon(options);
  return {
    sees: 'range',
    bounded: true,
    placeAll: (problems, context) =>
      changesAreFree(context.switching)
        ? placeEach(place, problems)
        : placeInWindows(placeAll, problems, context),
  };
}

function changesAreFree({
  gramsPerServerChange,
  gramsPerRequestMoved,
  minResidenceIntervals,
  maxRegionsChanged,
}: Switching): boolean {
  return (
    gramsPerServerChange === 0 &&
    gramsPerRequestMoved === 0 &&
    minResidenceIntervals <= 1 &&
    maxRegionsChanged === undefined
  );
}

async function placeEach(place: Place, problems: Parameters<PlaceAll>[0]): ReturnType<PlaceAll> {
  const placements: Placement[] = [];
  for (const [position, problem] of problems.entries()) {
    const result = await place(problem);
    if (result.kind === 'infeasible') return { kind: 'infeasible', position, infeasible: result };
    placements.push(result);
  }
  return placements;
}

async function placeInWindows(
  placeAll: PlaceAll,
  problems: Parameters<PlaceAll>[0],
  { switching, initialState }: Parameters<PlaceAll>[1],
): ReturnType<PlaceAll> {
  const placements: Placement[] = [];
  let state = initialState;
  while (placements.length < problems.length) {
    const from = placements.length;
    const result = await placeAll(problems.slice(from, from + window.planned), {
      switching,
      ...(state && { initialState: state }),
    });
    if ('kind' in result) return { ...result, position: from + result.position };
    for (const placement of result.slice(0, window.kept)) {
      state = stateAfter(state, placement);
      placements.push(placement);
    }
  }
  return placements;
}
