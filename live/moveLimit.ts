import type { PlanOptions } from '../planning/planOptions';
import type { Placement, PlacementProblem } from '../policies/problem';
import type { StackConfig } from '../stack/stackConfig';
import { limitMoves, type Moved } from './limitMoves';

/** Keeps a plan to casper:live.mostPercentMoved, and remembers what that came to. */
export class MoveLimit {
  /** Null where nothing is limited. */
  moved: Moved | null = null;

  /**
   * @param world the problem without pins
   * @param without regions that are lost: a loss that the plan in force does not know of is exempt
   */
  constructor(
    private readonly world: PlacementProblem,
    private readonly without: readonly string[],
    private readonly config: Pick<StackConfig, 'live' | 'plan'>,
    private readonly objective: Pick<PlanOptions, 'alpha' | 'objectiveWeights'>,
  ) {}

  settle(problem: PlacementProblem, placement: Placement): Placement {
    const { live, plan: inForce } = this.config;
    const { mostPercentMoved } = live;
    // A plan that breaks limits as it is has nothing that lies between.
    if (mostPercentMoved === undefined || placement.violations?.length) return placement;
    const loss = this.without.find((region) => !inForce.without?.includes(region));
    const { requestsPerSecond, maxRequestsPerRegion } = problem;
    const unpinned = {
      ...this.world,
      requestsPerSecond,
      ...(maxRequestsPerRegion !== undefined && { maxRequestsPerRegion }),
    };
    const percent = loss === undefined ? mostPercentMoved : 100;
    const limited = limitMoves(unpinned, placement, inForce.weights, percent, this.objective);
    this.moved = {
      ...limited.moved,
      mostPercent: mostPercentMoved,
      ...(loss !== undefined && { because: `${loss} is lost` }),
    };
    return limited.placement;
  }
}
