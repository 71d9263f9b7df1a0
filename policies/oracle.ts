import { carbon } from './carbon';
import type { Placement, RangePolicy } from './problem';

/**
 * What `carbon` would do if it knew every interval as it turns out: a range policy is always given the truth, where a
 * simulation gives the others forecasts.
 */
export const oracle: RangePolicy = async (problems) => {
  const placements: Placement[] = [];
  for (const [interval, problem] of problems.entries()) {
    const result = await carbon(problem);
    if (result.kind === 'infeasible') return { kind: 'infeasible', interval, infeasible: result };
    placements.push(result);
  }
  return placements;
};
