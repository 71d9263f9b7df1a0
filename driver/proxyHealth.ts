import { setTimeout as sleep } from 'node:timers/promises';
import { originsOf } from '../stack/requestPath';
import type { StackConfig } from '../stack/stackConfig';
import { PollingWatch } from './pollingWatch';
import { lossesIn, lostRegions, servedTraffic, type ProxyLosses } from './verify/servedWeights';

/** Which regions are lost, while a run goes on. */
export interface RegionHealth {
  /** Regions that have been lost for a while, or have not been back for long enough; by name, sorted. */
  readonly lost: readonly string[];
  /** Resolves once `lost` is no longer as it is; never where it stays so. */
  changed(): Promise<unknown>;
}

/** How long every proxy must call a region lost, and how long it must have answered since, before that counts, in ms. */
const lostAfterMs = 3000;
const backAfterMs = 20_000;
const pollMs = 1000;

/** Asks every second what the proxies find of their regions. Where no proxy tells anything, nothing is known to be lost. */
export class ProxyHealth extends PollingWatch implements RegionHealth {
  private readonly verdicts = new LossVerdicts(lostAfterMs, backAfterMs);

  constructor(private readonly config: StackConfig) {
    super(pollMs);
  }

  get lost(): readonly string[] {
    return this.verdicts.lost;
  }

  protected async look(): Promise<boolean> {
    const rows = await proxyLosses(this.config);
    return rows.length > 0 && this.verdicts.observe(lostRegions(rows), performance.now());
  }
}

/** What the proxies that answer say. */
async function proxyLosses(config: StackConfig): Promise<ProxyLosses[]> {
  const answers = await Promise.all(
    originsOf(config).map((origin) => servedTraffic(origin).catch(() => null)),
  );
  return answers.flatMap((served) => (served ? [lossesIn(served)] : []));
}

/**
 * Regions that are lost, for whoever does not look for longer: all proxies that ask a region call it lost, and do so
 * again after a pause.
 * @param pauseMs only where the first look finds one
 * @returns names, sorted; none where no proxy tells anything
 */
export async function regionsLostTwice(config: StackConfig, pauseMs = lostAfterMs): Promise<string[]> {
  const first = lostRegions(await proxyLosses(config));
  if (first.length === 0) return [];
  await sleep(pauseMs);
  const second = lostRegions(await proxyLosses(config));
  return first.filter((region) => second.includes(region));
}

/**
 * When a loss, and a return, counts: a region that comes and goes changes no plan. What is being lost when one counts,
 * and was so at the look before, has fallen with it, and counts too: a plan for each in turn would take their time one
 * after the other. Times are of a monotonic clock in ms.
 */
export class LossVerdicts {
  private readonly counted = new Set<string>();
  /** Since when a region is other than what counts. */
  private readonly since = new Map<string, number>();

  constructor(
    private readonly lostAfterMs: number,
    private readonly backAfterMs: number,
  ) {}

  get lost(): readonly string[] {
    return [...this.counted].sort();
  }

  /** @returns whether `lost` has changed */
  observe(lostNow: readonly string[], atMs: number): boolean {
    let changed = false;
    let fallen = false;
    for (const region of new Set([...lostNow, ...this.counted, ...this.since.keys()])) {
      const isLost = this.counted.has(region);
      if (lostNow.includes(region) === isLost) {
        this.since.delete(region);
        continue;
      }
      const since = this.since.get(region) ?? atMs;
      this.since.set(region, since);
      if (atMs - since < (isLost ? this.backAfterMs : this.lostAfterMs)) continue;
      this.since.delete(region);
      if (isLost) this.counted.delete(region);
      else this.counted.add(region);
      fallen ||= !isLost;
      changed = true;
    }
    if (fallen) {
      for (const [region, since] of this.since) {
        if (this.counted.has(region) || since === atMs) continue;
        this.since.delete(region);
        this.counted.add(region);
      }
    }
    return changed;
  }
}
