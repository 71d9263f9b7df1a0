import type { Trace } from '../traces/trace';
import { explain, type Explanation } from './explanation';
import {
  describePlacement,
  InfeasibleError,
  policyNamed,
  problemOf,
  UnknownPolicyError,
  type IntervalPlan,
  type PlanOptions,
} from './intervalPlan';

/**
 * Plans an interval and says why the plan is as it is.
 * @throws as planInterval; UnknownPolicyError also for a policy that needs more than the interval
 */
export async function explainInterval(
  trace: Trace,
  at: string,
  options: PlanOptions,
): Promise<{ readonly plan: IntervalPlan; readonly explanation: Explanation }> {
  const policy = policyNamed(options.policy);
  if (policy.sees !== 'interval') {
    throw new UnknownPolicyError(
      `The policy ${options.policy} sees more than one interval, so no one interval explains it; take carbon`,
    );
  }
  const interval = trace.at(at);
  const problem = problemOf(trace, interval, options);
  const placement = await policy.place(problem);
  if (placement.kind === 'infeasible') throw new InfeasibleError(interval.start, placement);
  return {
    plan: describePlacement(problem, placement, {
      ...options,
      interval: interval.start,
      synthetic: trace.synthetic,
    }),
    explanation: await explain(policy.place, problem, placement),
  };
}
