import path from 'node:path';
import { z } from 'zod';
import { solvers, type SolverName } from '../policies/model/solvers';
import type { PlanFlags, StackFlags, SwitchingFlags } from './options';

/** What `casper run` of a trace is told. */
export interface RunTraceFlags extends PlanFlags, StackFlags, SwitchingFlags {
  traces: string;
  /** Start of the first interval, ISO 8601; that of the trace when absent. */
  from?: string;
  /** One when absent. */
  intervals?: number;
  /** 0 for what holds with and without load. */
  secondsPerInterval: number;
  mostFailures: number;
  load?: true;
  fit?: true;
  seed: number;
  runs: string;
  verbose?: boolean;
  json?: true;
}

/** What decides a run's plans, records and counts; what it prints, and where, does not. */
export type DecidingFlags = Omit<RunTraceFlags, 'fit' | 'runs' | 'verbose' | 'json'>;

const whole = z.int().min(0);
const weight = z.number().min(0);

/** As they stand in run.json: paths do not depend on where the command is called, and no bound is null. */
const schema = z.strictObject({
  ...{ stack: z.string(), configFile: z.string(), traces: z.string() },
  ...{ from: z.string(), intervals: whole, secondsPerInterval: weight, mostFailures: whole },
  ...{ load: z.literal(true).exactOptional(), seed: z.int(), policy: z.string() },
  maxLatency: weight.nullable(),
  alpha: z.number(),
  regions: z.string().exactOptional(),
  networkJoules: weight.exactOptional(),
  objectiveWeights: z
    .strictObject({ carbon: weight, latency: weight, servers: weight, cost: weight })
    .exactOptional(),
  solver: z.enum(Object.keys(solvers) as [SolverName, ...SolverName[]]).exactOptional(),
  leastViolation: z.literal(true).exactOptional(),
  ...{ horizon: whole, switchingGrams: weight, movingGrams: weight, minResidence: whole },
  maxRegionsChanged: whole.exactOptional(),
});

/** For run.json. */
export function flagsToRecord(flags: DecidingFlags, configFile: string): Record<string, unknown> {
  const given: Record<string, unknown> = {
    ...{ ...flags, configFile, traces: path.resolve(flags.traces) },
    maxLatency: Number.isFinite(flags.maxLatency) ? flags.maxLatency : null,
    ...(flags.regions !== undefined && { regions: path.resolve(flags.regions) }),
  };
  return Object.fromEntries(
    Object.keys(schema.shape).flatMap((key) => (key in given ? [[key, given[key]]] : [])),
  );
}

/** @returns null where they are of another version of casper */
export function flagsOfRecord(recorded: Record<string, unknown>): DecidingFlags | null {
  const { success, data } = schema.safeParse(recorded);
  return success ? { ...data, maxLatency: data.maxLatency ?? Infinity } : null;
}
