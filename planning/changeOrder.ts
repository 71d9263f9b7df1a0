/** CPU by region, in millicores; 0 where nothing runs. A region that is not there runs nothing. */
export type CpuByRegion = Readonly<Record<string, number>>;

/** Every region of the plan to come, once, in the step of the change in which its CPU changes. */
export interface ChangeOrder {
  /** Rolled out and ready before anything shrinks. */
  readonly growing: readonly string[];
  readonly unchanged: readonly string[];
  /** Rolled out only after every growing region is ready. */
  readonly shrinking: readonly string[];
}

/** Make before break: what grows comes first, so that at no moment less CPU is ready than either plan has. */
export function changeOrder(live: CpuByRegion, next: CpuByRegion): ChangeOrder {
  const growing: string[] = [];
  const unchanged: string[] = [];
  const shrinking: string[] = [];
  for (const [region, cpuMillicores] of Object.entries(next)) {
    const before = live[region] ?? 0;
    (cpuMillicores > before ? growing : cpuMillicores < before ? shrinking : unchanged).push(region);
  }
  return { growing, unchanged, shrinking };
}
