import type { Trace } from '../traces/trace';
import { UnknownPolicyError } from '../policies/registry';
import { explain, type Explanation } from './explanation';
import type { IntervalPlan } from './intervalPlan';
import type { PlanOptions } from './planOptions';
import { decideInterval } from './planRange';

/**
 * Plans an interval and says why the plan is as it is.
 * @throws as planInterval; UnknownPolicyError also for a policy that needs more than the interval
 */
export async function explainInterval(
  trace: Trace,
  start: string,
  options: PlanOptions,
): Promise<{ readonly plan: IntervalPlan; readonly explanation: Explanation }> {
  const { policy, problem, placement, plan } = await decideInterval(trace, start, options);
  if (policy.sees !== 'interval') {
    throw new UnknownPolicyError(
      `The policy ${options.policy} sees more than one interval, so no one interval explains it; take carbon`,
    );
  }
  return { plan, explanation: await explain(policy, problem, placement) };
}
