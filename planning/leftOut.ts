import type { StackPlan } from '../stack/stackConfig';

/**
 * A plan without regions that are lost, as the stack is given it: what runs there stays as the plan before has it, so
 * that nothing has to be done where nothing answers. Pure.
 * @param before the plan that the stack has
 */
export function leftOut(plan: StackPlan, without: readonly string[], before: StackPlan): StackPlan {
  if (without.length === 0) return plan;
  const asBefore = without.flatMap((region) => {
    const own = before.regions[region];
    return own ? [[region, own] as const] : [];
  });
  return { ...plan, regions: { ...plan.regions, ...Object.fromEntries(asBefore) }, without: [...without] };
}
