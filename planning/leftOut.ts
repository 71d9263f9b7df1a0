import type { CapacityByRegion } from '../stack/capacity';
import type { StackPlan } from '../stack/stackConfig';

/** Regions in which a plan changes nothing. */
export interface Untouched {
  /** Lost: they get no requests. */
  readonly without: readonly string[];
  /** In clusters that do not answer: what runs there goes on serving, and a plan uses no more of it than there is. */
  readonly asTheyAre: readonly string[];
}

/**
 * A plan as the stack is given it where regions cannot be changed: what runs there stays as the plan before has it, so
 * that nothing has to be done where nothing answers. Pure.
 * @param before the plan that is in force
 */
export function leftOut(plan: StackPlan, { without, asTheyAre }: Untouched, before: StackPlan): StackPlan {
  const asBefore = [...without, ...asTheyAre].flatMap((region) => {
    const own = before.regions[region];
    return own ? [[region, own] as const] : [];
  });
  return {
    ...plan,
    regions: { ...plan.regions, ...Object.fromEntries(asBefore) },
    ...(without.length > 0 && { without: [...without] }),
  };
}

/**
 * What regions hold where some cannot be changed: those hold as many servers as the plan in force gives them, and no
 * more. Pure.
 */
export function capacityAsTheyAre(
  capacity: CapacityByRegion,
  asTheyAre: readonly string[],
  { regions }: StackPlan,
): CapacityByRegion {
  return (region) => {
    const own = capacity(region);
    if (!asTheyAre.includes(region)) return own;
    const servers = regions[region]?.servers ?? 0;
    return { ...own, minServers: Math.min(own.minServers, servers), maxServers: servers };
  };
}
