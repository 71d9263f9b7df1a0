import type { RangeContext, RegionCapacity } from '../problem';
import { sumOf, times, type Expression, type Model, type Variable } from './linearModel';
import { at } from './matrix';
import type { PlacementVariables } from './placementModel';

/** Servers started and stopped in one interval, by destination. */
interface Changes {
  readonly started: readonly Variable[];
  readonly stopped: readonly Variable[];
}

/**
 * Adds what changes from interval to interval cost, and what limits them:
 *
 *     s_tj - s_(t-1)j = started_tj - stopped_tj
 *     x_tj - x_(t-1)j = gained_tj - lost_tj            where moving requests costs
 *
 * The first interval changes from the initial state; where there is none, it changes nothing.
 * @param perGram what one gram of a change adds to the objective
 */
export function addChanges(
  model: Model,
  intervals: readonly PlacementVariables[],
  capacity: readonly RegionCapacity[],
  { switching, initialState }: RangeContext,
  perGram: number,
): void {
  const perServer = perGram * switching.gramsPerServerChange;
  const perRequest = perGram * switching.gramsPerRequestMoved;
  const changes = intervals.map(({ flow, servers }, interval): Changes | null => {
    if (interval === 0 && !initialState) return null;
    const before = interval === 0 ? null : at(intervals, interval - 1);
    const started: Variable[] = [];
    const stopped: Variable[] = [];
    for (const [destination, running] of servers.entries()) {
      const change = addDifference(
        model,
        [times(1, running)],
        before ? [times(1, at(before.servers, destination))] : (initialState?.servers[destination] ?? 0),
        perServer,
      );
      started.push(change.up);
      stopped.push(change.down);
      if (switching.gramsPerRequestMoved === 0) continue;
      addDifference(
        model,
        flow.into(destination),
        before ? before.flow.into(destination) : (initialState?.loads[destination] ?? 0),
        perRequest,
      );
    }
    return { started, stopped };
  });
  addResidence(model, intervals, changes, switching.minResidenceIntervals, initialState);
  if (switching.maxRegionsChanged !== undefined) {
    limitRegionsChanged(model, changes, capacity, switching.maxRegionsChanged);
  }
}

/** now - before = up - down, each at a cost. */
function addDifference(
  model: Model,
  now: Expression,
  before: Expression | number,
  cost: number,
): { readonly up: Variable; readonly down: Variable } {
  const [up, down] = [model.continuous(), model.continuous()];
  model.minimise([times(cost, up), times(cost, down)]);
  const earlier = typeof before === 'number' ? [] : before;
  model.equal(
    [
      ...now,
      ...earlier.map(({ variable, coefficient }) => times(-coefficient, variable)),
      times(-1, up),
      times(1, down),
    ],
    typeof before === 'number' ? before : 0,
  );
  return { up, down };
}

/** All servers that were started within the residence are among those that run: servers are alike, so it is enough. */
function addResidence(
  model: Model,
  intervals: readonly PlacementVariables[],
  changes: readonly (Changes | null)[],
  minIntervals: number,
  initialState: RangeContext['initialState'],
): void {
  if (minIntervals <= 1) return;
  for (const [interval, { servers }] of intervals.entries()) {
    for (const [destination, running] of servers.entries()) {
      const started: Variable[] = [];
      let startedBefore = 0;
      for (let ago = 0; ago < minIntervals; ago++) {
        const then = interval - ago;
        const change = changes[then];
        if (change) started.push(at(change.started, destination));
        else if (then < 0) startedBefore += initialState?.started[-then - 1]?.[destination] ?? 0;
      }
      if (started.length === 0 && startedBefore === 0) continue;
      model.atMost([...sumOf(started), times(-1, running)], -startedBefore);
    }
  }
}

/** A region's servers change only where its switch is on, and so many switches may be on. */
function limitRegionsChanged(
  model: Model,
  changes: readonly (Changes | null)[],
  capacity: readonly RegionCapacity[],
  maxRegionsChanged: number,
): void {
  for (const change of changes) {
    if (!change) continue;
    const switches = capacity.map(({ maxServers }, destination) => {
      const isOn = model.whole(0, 1);
      const changed = sumOf([at(change.started, destination), at(change.stopped, destination)]);
      model.atMost([...changed, times(-maxServers, isOn)], 0);
      return isOn;
    });
    model.atMost(sumOf(switches), maxRegionsChanged);
  }
}
