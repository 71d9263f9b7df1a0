/** CPU of a region before a change, in millicores. */
export interface CpuBefore {
  /** Of pods that are ready. */
  readonly readyMillicores: number;
  /** Of pods that run, where none is ready; else the same. */
  readonly runningMillicores: number;
  /** Pods that it has; absent where nobody knows. */
  readonly pods?: number;
}

/** Every region of the plan to come, once, in the step of the change in which its CPU changes. */
export interface ChangeOrder {
  /** Rolled out and ready before the weights change. */
  readonly growing: readonly string[];
  readonly unchanged: readonly string[];
  /** Rolled out only after the weights have changed. */
  readonly shrinking: readonly string[];
}

/**
 * Make before break: what grows comes first, so that at no moment less CPU is ready than either plan has. A region with
 * no ready pods grows even to the CPU that it has: the weights wait until it serves. Pure.
 * @param before what runs now; a region that is not there runs nothing
 * @param next CPU of the plan to come by region, in millicores; 0 where nothing is to run
 * @param without regions that are lost: nothing changes there, and nothing waits for them
 */
export function changeOrder(
  before: Readonly<Record<string, CpuBefore>>,
  next: Readonly<Record<string, number>>,
  without: readonly string[] = [],
): ChangeOrder {
  const growing: string[] = [];
  const unchanged: string[] = [];
  const shrinking: string[] = [];
  for (const [region, cpuMillicores] of Object.entries(next)) {
    const { readyMillicores, runningMillicores } = before[region] ?? nothing;
    if (without.includes(region)) unchanged.push(region);
    else if (cpuMillicores < runningMillicores) shrinking.push(region);
    else if (cpuMillicores > readyMillicores) growing.push(region);
    else unchanged.push(region);
  }
  return { growing, unchanged, shrinking };
}

const nothing: CpuBefore = { readyMillicores: 0, runningMillicores: 0 };
