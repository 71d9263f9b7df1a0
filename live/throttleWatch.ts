import { PollingWatch } from '../driver/pollingWatch';
import type { CpuThrottling } from '../driver/verify/cpuThrottling';
import { readStackSettings } from '../stack/stackFile';

/** A region whose pods want more CPU than they have. */
export interface Throttled {
  readonly region: string;
  /** Share of the kernel's periods in which they were held back, in percent. */
  readonly percent: number;
}

/** Every look runs a command in each pod, out of the pod's own CPU: if often, small pods would be held back by it. */
const pollMs = 60_000;

/** Looks whether the kernel holds regions' pods back. What cannot be read is no evidence. */
export class ThrottleWatch extends PollingWatch {
  private readonly verdicts = new ThrottleVerdicts();

  /** @param read what the kernel has counted of the pods that there are */
  constructor(
    private readonly configFile: string,
    private readonly read: () => Promise<CpuThrottling[]>,
  ) {
    super(pollMs);
  }

  /** Regions that are cause for a plan. */
  get throttled(): readonly Throttled[] {
    return this.verdicts.throttled;
  }

  /** A plan has come into force: what was seen before it says nothing of it. */
  planInForce(): void {
    this.verdicts.planInForce();
  }

  protected look(): Promise<boolean> {
    // A stack file that is being edited is the next tick's to tell.
    return this.compare().catch(() => false);
  }

  private async compare(): Promise<boolean> {
    const { throttledPercent } = readStackSettings(this.configFile).live;
    if (throttledPercent === 0) return false;
    return this.verdicts.observe(await this.read(), throttledPercent);
  }
}

/**
 * When a region counts as throttled. Periods are counted against the time that passed: a small pod is held back in
 * nearly all periods in which it works at all, one that has too little in nearly all that there are.
 */
export class ThrottleVerdicts {
  private before = new Map<string, CpuThrottling>();
  /** Regions that a plan was asked for; another plan would not help those that are still throttled with it. */
  private readonly told = new Set<string>();
  private found: Throttled[] = [];

  get throttled(): readonly Throttled[] {
    return this.found;
  }

  planInForce(): void {
    this.before.clear();
    this.found = [];
  }

  /** @returns whether there is cause for a plan */
  observe(now: readonly CpuThrottling[], leastPercent: number): boolean {
    const { before } = this;
    this.before = new Map(now.map((one) => [one.pod, one]));
    const shares = now.flatMap((one) => shareSince(before.get(one.pod), one));
    this.found = [];
    for (const [region, own] of Map.groupBy(shares, (share) => share.region)) {
      const percent = own.reduce((sum, share) => sum + share.percent, 0) / own.length;
      if (percent < leastPercent) {
        this.told.delete(region);
      } else if (!this.told.has(region)) {
        this.told.add(region);
        this.found.push({ region, percent });
      }
    }
    return this.found.length > 0;
  }
}

/** Nothing where there was no look before, or the container has been started since. */
function shareSince(before: CpuThrottling | undefined, now: CpuThrottling): Throttled[] {
  const seconds = now.uptimeSeconds - (before?.uptimeSeconds ?? now.uptimeSeconds);
  const throttled = now.throttledPeriods - (before?.throttledPeriods ?? 0);
  if (seconds <= 0 || throttled < 0) return [];
  return [{ region: now.region, percent: (100 * throttled * now.periodMicros) / (seconds * 1e6) }];
}
