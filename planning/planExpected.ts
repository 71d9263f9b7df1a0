import { at } from '../policies/model/matrix';
import type { PlacementProblem } from '../policies/problem';
import { decideOne, type DecideOptions, type Outlook } from './decide';
import { holdReady } from './heldReady';
import { InfeasibleError } from './infeasibleError';
import { describePlacement, type IntervalPlan } from './intervalPlan';
import { policiesOf, type PlanOptions } from './planOptions';

/** A policy that cannot decide an interval before those after it are known. */
export class PolicySightError extends Error {
  override readonly name = 'PolicySightError';
}

/**
 * Plans an interval from what is expected of it.
 * @param interval its start, ISO 8601 in UTC, and whether anything that it is planned from is generated
 * @param guarded narrows what the placement may do; what is held ready for a loss is not bound by it
 * @throws UnknownPolicyError, PolicySightError, InfeasibleError
 */
export async function planExpected(
  outlook: Outlook,
  { interval, synthetic }: { readonly interval: string; readonly synthetic: boolean },
  options: PlanOptions & DecideOptions,
  guarded: (problem: PlacementProblem) => PlacementProblem = (problem) => problem,
): Promise<IntervalPlan> {
  const { policy, fallback } = policiesOf(options);
  if (policy.sees !== 'interval') {
    throw new PolicySightError(
      `The policy ${options.policy} looks beyond the interval, of which nothing is known live; take carbon, latency, replay or weighted`,
    );
  }
  const { expectGiven } = outlook;
  const narrowed: Outlook = {
    expect: (position, count) => outlook.expect(position, count).map(guarded),
    ...(expectGiven && {
      expectGiven: (...given) => expectGiven(...given).map(guarded),
    }),
  };
  const { problem, placement } = await decideOne(
    policy,
    narrowed,
    0,
    1,
    { switching: options.switching },
    fallback,
  );
  if (placement.kind === 'infeasible') throw new InfeasibleError(interval, placement);
  const { requestsPerSecond, maxRequestsPerRegion } = problem;
  const free: PlacementProblem = {
    ...at(outlook.expect(0, 1), 0),
    requestsPerSecond,
    ...(maxRequestsPerRegion !== undefined && { maxRequestsPerRegion }),
  };
  const held = await holdReady(free, placement, options);
  return describePlacement(free, held, { ...options, interval, synthetic });
}
