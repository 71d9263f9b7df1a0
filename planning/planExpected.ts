import { at } from '../policies/model/matrix';
import type { InitialState, Placement, PlacementProblem, Policy } from '../policies/problem';
import { decideOne, type DecideOptions, type Outlook } from './decide';
import { holdReady } from './heldReady';
import { InfeasibleError } from './infeasibleError';
import { describePlacement, type IntervalPlan } from './intervalPlan';
import { policiesOf, type PlanOptions } from './planOptions';

/** A policy that cannot decide an interval before those after it are known. */
export class PolicySightError extends Error {
  override readonly name = 'PolicySightError';
}

/** What is asked of a plan besides its limits. */
export interface Shaping {
  /** Narrows what the placement may do; what is held ready for a loss is not bound by it. */
  readonly narrow?: (problem: PlacementProblem) => PlacementProblem;
  /** The policy to ask in the place of another one. */
  readonly policy?: <P extends Exclude<Policy, { sees: 'range' }>>(policy: P) => P;
  /** Another placement in the place of the policy's, before anything is held ready. */
  readonly settle?: (problem: PlacementProblem, placement: Placement) => Placement;
}

/** What is known beyond the interval, for a policy that looks ahead. */
export interface Ahead {
  /** Intervals that the outlook has. */
  readonly intervals: number;
  readonly initialState: InitialState;
}

/**
 * Plans an interval from what is expected of it, and of those after it where that is known.
 * @param interval its start, ISO 8601 in UTC, and whether anything that it is planned from is generated
 * @throws UnknownPolicyError, PolicySightError, InfeasibleError
 */
export async function planExpected(
  outlook: Outlook,
  { interval, synthetic }: { readonly interval: string; readonly synthetic: boolean },
  options: PlanOptions & DecideOptions,
  { narrow = (problem) => problem, policy: shaped = (policy) => policy, settle }: Shaping = {},
  ahead?: Ahead,
): Promise<IntervalPlan> {
  const { policy, fallback } = policiesOf(options);
  if (policy.sees === 'range' || (policy.sees === 'horizon' && !ahead)) {
    throw new PolicySightError(
      `The policy ${options.policy} looks beyond the interval, of which nothing is known live; take carbon, latency, replay or weighted`,
    );
  }
  const { expectGiven } = outlook;
  const narrowed: Outlook = {
    expect: (position, count) => outlook.expect(position, count).map(narrow),
    ...(expectGiven && {
      expectGiven: (...given) => expectGiven(...given).map(narrow),
    }),
  };
  const { problem, placement } = await decideOne(
    shaped(policy),
    narrowed,
    0,
    ahead?.intervals ?? 1,
    { switching: options.switching, ...(ahead && { initialState: ahead.initialState }) },
    fallback && shaped(fallback),
  );
  if (placement.kind === 'infeasible') throw new InfeasibleError(interval, placement);
  const { requestsPerSecond, maxRequestsPerRegion } = problem;
  const free: PlacementProblem = {
    ...at(outlook.expect(0, 1), 0),
    requestsPerSecond,
    ...(maxRequestsPerRegion !== undefined && { maxRequestsPerRegion }),
  };
  const held = await holdReady(free, settle?.(free, placement) ?? placement, options);
  return describePlacement(free, held, { ...options, interval, synthetic });
}
