import { at } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';
import type { LiveConfig, StackPlan } from '../stack/stackConfig';

/** Loads are sums of fractions: one that should be whole may come out a little above. */
const roundingError = 1e-9;

/**
 * Narrows a problem so that no requests move to regions whose data are bad: an origin that sends nothing there goes on
 * so, and such a region gets no more servers than the weights in force ask of it. Pure.
 * @param weights in force; where there are none, nothing can move
 */
export function awayFrom(
  regions: readonly string[],
  weights: StackPlan['weights'],
): (problem: PlacementProblem) => PlacementProblem {
  if (regions.length === 0 || Object.keys(weights).length === 0) return (problem) => problem;
  const shareOf = (origin: string, destination: string): number => {
    const row = weights[origin] ?? {};
    const total = Object.values(row).reduce((sum, weight) => sum + weight, 0);
    return total === 0 ? 0 : (row[destination] ?? 0) / total;
  };
  return (problem) => ({
    ...problem,
    allowed: problem.regions.map((origin, from) =>
      problem.regions.map(
        (destination, to) =>
          (problem.allowed?.[from]?.[to] ?? true) &&
          (!regions.includes(destination) || shareOf(origin, destination) > 0),
      ),
    ),
    capacity: problem.capacity.map((own, index) => {
      const destination = at(problem.regions, index);
      if (!regions.includes(destination)) return own;
      const load = problem.regions.reduce(
        (sum, origin, from) => sum + at(problem.requestsPerSecond, from) * shareOf(origin, destination),
        0,
      );
      const servers = Math.ceil(load / own.requestsPerServer - roundingError);
      return { ...own, maxServers: Math.max(own.minServers, Math.min(own.maxServers, servers)) };
    }),
  });
}

/** Narrows a problem so that some origins are served at one region each. Pure. */
export function pinned(pins: LiveConfig['pins']): (problem: PlacementProblem) => PlacementProblem {
  const whole = Object.fromEntries(
    Object.entries(pins).flatMap(([origin, pin]) => (typeof pin === 'string' ? [[origin, pin]] : [])),
  );
  if (Object.keys(whole).length === 0) return (problem) => problem;
  return (problem) => ({
    ...problem,
    allowed: problem.regions.map((origin, from) =>
      problem.regions.map((destination, to) => {
        const only = whole[origin];
        return (problem.allowed?.[from]?.[to] ?? true) && (only === undefined || only === destination);
      }),
    ),
  });
}
