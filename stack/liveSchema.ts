import { z } from 'zod';

/** The schema of casper:demand and casper:live: what `tick` and `run --live` go by. docs/live.md says what each is. */

/** Stands in a query for the window that it is asked over. */
export const windowPlaceholder = '$window';

/** Where the requests/s of now, by origin, come from. */
export const demandSchema = z.strictObject({
  /** A Prometheus; the stack's own when absent. */
  url: z
    .url({ protocol: /^https?$/, error: 'expected an address that begins with http:// or https://' })
    .exactOptional(),
  /** PromQL that yields requests/s, one series an origin; what the stack's proxies count when absent. */
  query: z
    .string()
    .includes(windowPlaceholder, {
      error: `expected ${windowPlaceholder} in it, as in rate(requests_total[${windowPlaceholder}]): casper asks for seconds and for hours`,
    })
    .exactOptional(),
  /** Over how long the rate of now is taken. */
  windowSeconds: z.int().min(5).max(3600).default(60),
  /** How long a rate stands in where Prometheus gives none. */
  lastKnownMinutes: z.int().min(0).max(1440).default(10),
  /** How far back the history goes that forecasts are made from. */
  historyHours: z.int().min(24).max(2016).default(672),
  timeoutSeconds: z.int().min(1).max(120).default(10),
  /** What is planned for on top of a rate that no forecast gives its own margin to. */
  marginPercent: z.int().min(0).max(400).default(20),
  /** Fewest requests/s that an origin is planned with: the first request finds a server. */
  leastRequestsPerSecond: z.int().min(0).max(1_000_000).default(1),
});

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected hours and minutes in UTC, as in 22:30');

/** How `tick` and `run --live` go on. */
export const liveSchema = z.strictObject({
  /** Length of an interval; intervals begin at whole multiples of it since 1970-01-01T00:00Z. */
  intervalSeconds: z.int().min(1).max(86_400).default(3600),
  /** When an origin's demand is other than planned, so that its interval is planned anew. */
  band: z
    .strictObject({
      abovePercent: z.int().min(1).max(1000).default(10),
      belowPercent: z.int().min(1).max(99).default(60),
      /** Differences of fewer requests/s are chance. */
      leastRequestsPerSecond: z.int().min(1).max(1_000_000).default(5),
      /** How long demand must be out of the band. */
      forSeconds: z.int().min(1).max(600).default(4),
      windowSeconds: z.int().min(2).max(600).default(10),
    })
    .prefault({}),
  /**
   * In how many percent of the kernel's periods, over a minute, a region's pods must be held back for its
   * interval to be planned anew; 0 where that is not looked at.
   */
  throttledPercent: z.int().min(0).max(100).default(95),
  /** Most changes an hour that demand, or throttled pods, alone ask for. */
  mostChangesAnHour: z.int().min(0).max(1000).default(12),
  /** Nothing is changed while it stands here. */
  paused: z.boolean().default(false),
  /** Hours of the day in which nothing is changed. */
  quietHours: z.array(z.strictObject({ from: timeOfDay, to: timeOfDay })).default([]),
  /** Most percent of all planned requests that may move in one change; any when absent. The loss of a region is exempt. */
  mostPercentMoved: z.int().min(1).max(100).exactOptional(),
  /**
   * By origin, whatever the policy says: the one region that serves it, or regions with the percent of it that each
   * serves at least.
   */
  pins: z
    .record(
      z.string(),
      z.union([z.string(), z.record(z.string(), z.int().min(1).max(100))], {
        error: 'expected a region, or regions with whole percent from 1 to 100, as in { eu-west-3: 50 }',
      }),
    )
    .default({}),
});

export type DemandConfig = z.infer<typeof demandSchema>;
export type LiveConfig = z.infer<typeof liveSchema>;
