import { existsSync, readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { intervalOutcomes, type AppliedInterval } from '../driver/runObserver';

/**
 * What a run writes into its folder as it goes on, and all that its report is made of: run.json at its beginning, a line
 * of intervals.jsonl at the end of each interval, a line of sent.jsonl once the last request of an interval is over.
 */

const unknown = z.object({ unknown: z.string() });
const byRegion = z.record(z.string(), z.number());
const byPair = z.record(z.string(), byRegion);
const milliseconds = z.union([z.number(), unknown]).nullable();

/** What a run is to go on by, should it end before its last interval. */
const begunSchema = z.object({
  /** The command's, by their names, with what holds where they were not given. */
  flags: z.record(z.string(), z.unknown()),
  /** Digest of what the stack is given for each interval. */
  plansDigest: z.string(),
  /** Digest of the plan that the stack file had. */
  planBefore: z.string(),
});

const runSchema = z.object({
  stack: z.string(),
  regions: z.array(z.string()).readonly(),
  /** Starts of the planned intervals, ISO 8601. */
  intervals: z.array(z.string()).readonly(),
  /** Share of the planned requests that was sent; of a run that sent none it says nothing. */
  loadShare: z.number(),
  /** Network latency by origin and destination. */
  latencyMs: byPair,
  /** Absent of live runs, which go on from the stack file, and of runs before this was written. */
  begun: begunSchema.optional(),
  comparison: z.object({
    baselines: z.array(z.string()).readonly(),
    synthetic: z.boolean(),
    policies: z
      .array(
        z.object({
          policy: z.string(),
          infeasible: z.string().nullable(),
          carbonKg: z.number().nullable(),
          meanLatencyMs: z.number().nullable(),
          servers: z.number().nullable(),
          savedAgainst: z.record(z.string(), z.number()),
        }),
      )
      .readonly(),
  }),
});

const observations = z
  .array(
    z.object({
      origin: z.string(),
      destination: z.string(),
      requests: z.union([
        unknown,
        z.object({
          ...{ served: z.number(), serverErrors: z.number(), clientAborts: z.number(), resets: z.number() },
          serviceTime: z.object({
            meanMs: z.number().nullable(),
            ...{ p50Ms: milliseconds, p95Ms: milliseconds, p99Ms: milliseconds },
          }),
        }),
      ]),
    }),
  )
  .readonly();

const intervalSchema = z.object({
  plan: z.object({
    interval: z.string(),
    regions: z.array(z.string()).readonly(),
    servers: byRegion,
    requests: byPair,
    /** Null where carbon intensities were missing, and servers followed demand. */
    carbonSum: z.number().nullable(),
    meanLatencyMs: z.number().nullable(),
    held: z.string().optional(),
    /** Regions that were left out because they were lost. */
    without: z.array(z.string()).readonly().optional(),
  }),
  // Runs before these were written had no interval that failed.
  outcome: z.enum(intervalOutcomes).default('applied'),
  failures: z.array(z.string()).readonly().default([]),
  update: z.object({ seconds: z.number(), notes: z.array(z.string()).readonly() }),
  startedAtMs: z.number(),
  endedAtMs: z.number(),
  inForceAtMs: z.number(),
  carbonGramsPerKwh: byRegion,
  served: z.object({ observed: observations, steady: observations }).optional(),
});

const percentiles = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number(), max: z.number() })
  .nullable();
const loadSummary = z.object({
  ...{ due: z.number(), sent: z.number(), answered: z.number(), notSent: z.number(), slow: z.number() },
  failed: z.object({ status: z.number(), connection: z.number(), timeout: z.number() }),
  errorStatuses: z.record(z.string(), z.number()),
  ...{ latencyMs: percentiles, lateMs: percentiles },
});

const sentSchema = z.object({
  interval: z.string(),
  total: loadSummary,
  byOrigin: z.record(z.string(), loadSummary),
});

const usedValue = z.union([
  z.object({ missing: z.string() }),
  z.object({
    /** gCO2e/kWh of carbon intensity, requests/s of demand. */
    gramsPerKwh: z.number().optional(),
    requestsPerSecond: z.number().optional(),
    from: z.string(),
    /** Of demand, what is measured has Prometheus alone. */
    source: z.string().optional(),
    zone: z.string().optional(),
    ageSeconds: z.number(),
  }),
]);

const tickSchema = z.object({
  at: z.string(),
  interval: z.string(),
  outcome: z.string(),
  /** Null where nothing was read. */
  values: z
    .object({
      carbon: z.record(z.string(), usedValue),
      demand: z.record(z.string(), usedValue),
      faults: z.array(z.string()).readonly(),
    })
    .nullable(),
});

export type RecordedValue = z.infer<typeof usedValue>;
export type RecordedTick = z.infer<typeof tickSchema>;
export type BegunRun = z.infer<typeof begunSchema>;
export type RunRecord = z.infer<typeof runSchema>;
export type RecordedInterval = z.infer<typeof intervalSchema>;
export type RecordedLoad = z.infer<typeof sentSchema>;

export interface RunRecords {
  readonly run: RunRecord;
  /** Those that ended, in order; of one that a run went on with, what was recorded last. */
  readonly intervals: readonly RecordedInterval[];
  /** Of a run that sent load: by interval, those whose last request was over. */
  readonly sent: readonly RecordedLoad[];
  /** Of a live run. */
  readonly ticks: readonly RecordedTick[];
  /** What was left out of it, in words: a last line that a killed run left torn. */
  readonly notes: readonly string[];
}

export const recordFiles = {
  run: 'run.json',
  intervals: 'intervals.jsonl',
  sent: 'sent.jsonl',
  ticks: 'ticks.jsonl',
} as const;

/** A folder that no report can be made of; the message names the file, the line and the remedy. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/**
 * Reads what a run wrote down as it began.
 * @throws RecordError
 */
export function readRun(directory: string): RunRecord {
  const runFile = path.join(directory, recordFiles.run);
  if (!existsSync(runFile)) {
    throw new RecordError(`${runFile} does not exist; name the folder of a run, as in runs/20260105T000000Z`);
  }
  return parse(runSchema, readFileSync(runFile, 'utf8'), runFile);
}

/**
 * Reads what a run has recorded. A last line that a killed run left torn is left out, which a note says.
 * @throws RecordError
 */
export function readRecords(directory: string): RunRecords {
  const run = readRun(directory);
  const notes: string[] = [];
  const lines = <T>(schema: z.ZodType<T>, name: string): T[] => {
    const file = path.join(directory, name);
    const { whole, torn } = linesOf(file);
    if (torn !== '') {
      notes.push(
        `${file}: its last line, ${whole.length + 1}, was cut off by the end of the run, and is left out`,
      );
    }
    return whole.map((line, index) => parse(schema, line, `${file}:${index + 1}`));
  };
  const intervals = lines(intervalSchema, recordFiles.intervals);
  const sent = lines(sentSchema, recordFiles.sent);
  const ticks = lines(tickSchema, recordFiles.ticks);
  // The ticks of a day, which no run has planned, may be several an interval.
  if (run.intervals.length === 0) return { run, intervals, sent, ticks, notes };
  return {
    run,
    intervals: lastOfEach(intervals, ({ plan }) => plan.interval),
    sent: lastOfEach(sent, ({ interval }) => interval),
    ticks,
    notes,
  };
}

/** Of a record, what is in force since, as it was written down: a plan has more than a report is made of. */
const inForceSchema = z.looseObject({
  outcome: z.enum(intervalOutcomes),
  plan: z.looseObject({ regions: z.array(z.string()), requests: byPair, weights: byPair }),
  stackPlan: z.looseObject({ interval: z.string() }),
});

/**
 * What a run has put into force last, and read back.
 * @returns null where it had come to nothing
 * @throws RecordError
 */
export function lastVerified(directory: string): Pick<AppliedInterval, 'plan' | 'stackPlan'> | null {
  const file = path.join(directory, recordFiles.intervals);
  const { whole } = linesOf(file);
  // The plan of one that failed is what was put back, and so that of one before it.
  for (const [index, line] of [...whole.entries()].reverse()) {
    const record = parse(inForceSchema, line, `${file}:${index + 1}`);
    if (record.outcome === 'failed') continue;
    return record as unknown as Pick<AppliedInterval, 'plan' | 'stackPlan'>;
  }
  return null;
}

/** In the order of the first of each. */
function lastOfEach<T>(records: readonly T[], intervalOf: (record: T) => string): T[] {
  return [...new Map(records.map((record) => [intervalOf(record), record])).values()];
}

/**
 * Cuts off the last line of a run's records where the run's end has left it torn, so that what follows begins a line of
 * its own.
 */
export function cutTornLines(directory: string): void {
  for (const name of [recordFiles.intervals, recordFiles.sent]) {
    const file = path.join(directory, name);
    if (!existsSync(file)) continue;
    // In bytes: the cut may be inside a letter.
    const bytes = readFileSync(file);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) truncateSync(file, end);
  }
}

function linesOf(file: string): { readonly whole: readonly string[]; readonly torn: string } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [''];
  return { whole: lines.slice(0, -1), torn: lines.at(-1) ?? '' };
}

function parse<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordError(`${where} is not JSON: ${(error as Error).message}; remove the line, or run again`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RecordError(
    `${where} is no record of this version of casper; run again, or use the version that wrote it:\n${z.prettifyError(parsed.error)}`,
  );
}
