import { PollingWatch } from '../driver/pollingWatch';
import { demandSourceOf, readDemand } from '../observe/demand';
import { isUnknown } from '../observe/unknown';
import type { LiveConfig } from '../stack/stackConfig';
import { readStackSettings } from '../stack/stackFile';

/** An origin whose demand is other than planned. */
export interface OutOfBand {
  readonly origin: string;
  readonly requestsPerSecond: number;
  readonly planned: number;
}

type Band = LiveConfig['band'];

const pollMs = 2000;

/** Measures demand every other second, and compares it with what is planned for. What cannot be measured is no evidence. */
export class DemandWatch extends PollingWatch {
  private verdicts = new BandVerdicts({});
  private measured: readonly OutOfBand[] = [];

  constructor(private readonly configFile: string) {
    super(pollMs);
  }

  /** Origins that have been out of the band for long enough. */
  get outOfBand(): readonly OutOfBand[] {
    return this.measured;
  }

  /** @param planned requests/s by origin that the plan now in force is made for */
  plannedFor(planned: Readonly<Record<string, number>>): void {
    this.verdicts = new BandVerdicts(planned);
    this.measured = [];
  }

  protected look(): Promise<boolean> {
    // A stack file that is being edited, or a query that is refused, is the next tick's to tell.
    return this.compare().catch(() => false);
  }

  private async compare(): Promise<boolean> {
    const config = readStackSettings(this.configFile);
    const { band } = config.live;
    const { verdicts } = this;
    const window = { windowSeconds: band.windowSeconds, lastKnownMinutes: 0 };
    const rates: Record<string, number> = {};
    for (const [origin, demand] of await readDemand(demandSourceOf(config), window, Date.now())) {
      if (!isUnknown(demand)) rates[origin] = demand.requestsPerSecond;
    }
    // A plan that has come into force meanwhile is not judged by what was measured before it.
    if (verdicts !== this.verdicts) return false;
    this.measured = verdicts.observe(rates, band, performance.now());
    return this.measured.length > 0;
  }
}

/** When demand counts as other than planned: a moment out of the band is chance. Times are of a monotonic clock in ms. */
export class BandVerdicts {
  /** Since when an origin is out, and on which side. */
  private readonly since = new Map<string, { readonly above: boolean; readonly atMs: number }>();

  /** @param planned requests/s by origin; of others nothing is said */
  constructor(private readonly planned: Readonly<Record<string, number>>) {}

  /** @param rates measured requests/s by origin; an origin that is not there was not measured */
  observe(rates: Readonly<Record<string, number>>, band: Band, atMs: number): OutOfBand[] {
    return Object.entries(this.planned).flatMap(([origin, planned]) => {
      const requestsPerSecond = rates[origin];
      if (requestsPerSecond === undefined || !isOut(requestsPerSecond, planned, band)) {
        this.since.delete(origin);
        return [];
      }
      const above = requestsPerSecond > planned;
      const before = this.since.get(origin);
      const since = before?.above === above ? before : { above, atMs };
      this.since.set(origin, since);
      return atMs - since.atMs >= band.forSeconds * 1000 ? [{ origin, requestsPerSecond, planned }] : [];
    });
  }
}

function isOut(
  measured: number,
  planned: number,
  { abovePercent, belowPercent, leastRequestsPerSecond }: Band,
): boolean {
  if (Math.abs(measured - planned) < leastRequestsPerSecond) return false;
  return measured > planned
    ? measured > planned * (1 + abovePercent / 100)
    : measured < planned * (1 - belowPercent / 100);
}
