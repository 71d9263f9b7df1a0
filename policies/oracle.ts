import { after } from './before';
import { carbon } from './carbon';
import { horizon } from './horizon';
import type { Placement, RangePolicy } from './problem';

/** Two days are planned at a time and one is kept: what is further away hardly tells on the first day. */
const window = { planned: 48, kept: 24 };

/**
 * What could be done by whoever knew every interval as it turns out: a range policy is always given the truth, where
 * a simulation gives the others forecasts.
 */
export const oracle: RangePolicy = async (problems, context) => {
  const { gramsPerServerChange, gramsPerRequestMoved, minResidenceIntervals, maxRegionsChanged } =
    context.switching;
  const changesAreFree =
    gramsPerServerChange === 0 &&
    gramsPerRequestMoved === 0 &&
    minResidenceIntervals <= 1 &&
    maxRegionsChanged === undefined;
  const placements: Placement[] = [];
  if (changesAreFree) {
    for (const [interval, problem] of problems.entries()) {
      const result = await carbon(problem);
      if (result.kind === 'infeasible') return { kind: 'infeasible', interval, infeasible: result };
      placements.push(result);
    }
    return placements;
  }
  let { before } = context;
  while (placements.length < problems.length) {
    const from = placements.length;
    const result = await horizon(problems.slice(from, from + window.planned), {
      ...context,
      ...(before && { before }),
    });
    if ('kind' in result) return { ...result, interval: from + result.interval };
    for (const placement of result.slice(0, window.kept)) {
      before = after(before, placement);
      placements.push(placement);
    }
  }
  return placements;
};
