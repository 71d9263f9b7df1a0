import { InvalidArgumentError, Option, type Command } from 'commander';
import { referenceCapacity } from '../stack/capacity';
import { heldReadyLevels, type HeldReady } from '../stack/stackConfig';
import type { DecideOptions } from '../planning/decide';
import type { PlanOptions } from '../planning/planOptions';
import { solvers, type SolverName } from '../policies/model/solvers';
import type { ObjectiveWeights } from '../policies/problem';
import { readRegions } from '../traces/readRegions';

/** The reference's constants (carbonfirst/casper): weight of carbon 0.9, bound 500 ms. */
const referenceAlpha = 0.9;
const referenceMaxLatencyMs = 500;

function numberIn(low: number, high: number, whole: boolean, expected: string) {
  return (text: string): number => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Expected ${expected}.`);
    }
    return value;
  };
}

export const positiveInteger = numberIn(1, 1_000_000, true, 'a whole number of at least 1');
export const integer = numberIn(-2_147_483_648, 2_147_483_647, true, 'a whole number of 32 bits');
export const nonNegativeNumber = numberIn(0, 1e9, false, 'a number of at least 0');
export const positiveNumber = numberIn(0.001, 1e9, false, 'a number of at least 0.001');
const percent = numberIn(1, 100, true, 'a whole number from 1 to 100');
export const share = numberIn(0, 1, false, 'a number from 0 to 1');

/** Chosen on 2022-09-02 to 2022-09-13 of the reference's data; docs/planning.md says how it does on later hours. */
export const defaultDemandQuantile = 0.98;

/** A share of hours, or "none". */
export const demandQuantile = (text: string): number | null => (text === 'none' ? null : share(text));

/** A latency bound in ms, or "none". */
export function latencyBound(text: string): number {
  return text === 'none' ? Infinity : numberIn(0, 1e9, false, 'milliseconds, or "none"')(text);
}

/** What shapes a plan, besides the trace and the interval. */
export interface PlanFlags {
  policy: string;
  maxLatency: number;
  alpha: number;
  regions?: string;
  networkJoules?: number;
  objectiveWeights?: ObjectiveWeights;
  solver?: SolverName;
  leastViolation?: true;
  without?: string[];
}

/** What every region holds, and what is ready for the loss of one, where no stack file says it. */
export interface CapacityFlags {
  requestsPerServer?: number;
  maxServers?: number;
  maxShare?: number;
  heldReady?: HeldReady;
}

/** For commands that have no stack; with one, casper:capacity, casper:regions and casper:resilience say it. */
export function withCapacityOptions(command: Command): Command {
  return command
    .option('--requests-per-server <n>', 'requests/s that one server carries', positiveInteger)
    .option('--max-servers <n>', 'servers a region may have', positiveInteger)
    .option('--max-share <percent>', 'largest share of all requests that one region serves', percent);
}

/** For commands that plan one interval. */
export function withWithoutOption(command: Command): Command {
  return command.option(
    '--without <regions>',
    'regions that are lost, with commas: plan as if they were not there',
    names,
  );
}

/** For those of them that plan with one level. */
export function withHeldReadyOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--held-ready <level>',
      'for the loss of a region: nothing, pods whose CPU limit carries its requests, or N-1 servers',
    )
      .choices(heldReadyLevels)
      .default('limit'),
  );
}

export function withPlanOptions(command: Command): Command {
  return withObjectiveOptions(
    command
      .option('--policy <name>', 'placement policy', 'carbon')
      .option(
        '--max-latency <ms>',
        'latency bound from origin to destination, or "none"',
        latencyBound,
        referenceMaxLatencyMs,
      ),
  );
}

/** What counts, whatever the policy and the bound. */
export function withObjectiveOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--alpha <share>', 'weight of carbon against servers, 0 to 1')
        .argParser(share)
        .default(referenceAlpha),
    )
    .option(
      '--regions <file>',
      'CSV: region, and any of servers, min_servers, requests_per_server, idle_watts, dynamic_watts, pue, embodied_grams_per_hour, price_per_hour, destinations',
    )
    .option(
      '--network-joules <J>',
      "energy of the network for one request, half by its origin's grid and half by its destination's (default: 0)",
      nonNegativeNumber,
    )
    .option(
      '--objective-weights <list>',
      'objective of the policy weighted, as in carbon=0.7,latency=0.2,servers=0.05,cost=0.05',
      objectiveWeights,
    )
    .addOption(
      new Option('--solver <name>', 'solver of the planner').choices(Object.keys(solvers)).default('glpk'),
    )
    .option(
      '--least-violation',
      'where no placement keeps every limit, the one that breaks them least, marked',
    );
}

/** Names with commas between them. */
export function names(text: string): string[] {
  const parts = text.split(',').map((name) => name.trim());
  if (parts.includes('')) throw new InvalidArgumentError('Expected names with a comma between them.');
  return parts;
}

export function heldReadyLevelsOf(text: string): HeldReady[] {
  return names(text).map((name) => {
    const level = heldReadyLevels.find((known) => known === name);
    if (level) return level;
    throw new InvalidArgumentError(
      `Expected some of ${heldReadyLevels.join(', ')}, with a comma between them.`,
    );
  });
}

/**
 * The regions of --without, checked.
 * @throws UnknownRegionError
 */
export function knownRegions(given: readonly string[] = [], regions: readonly string[]): readonly string[] {
  const unknown = given.find((name) => !regions.includes(name));
  if (unknown === undefined) return given;
  throw new UnknownRegionError(`--without ${unknown}: no such region; there are ${regions.join(', ')}`);
}

/** A flag names a region that the trace does not have. */
export class UnknownRegionError extends Error {
  override readonly name = 'UnknownRegionError';
}

const weightNames = ['carbon', 'latency', 'servers', 'cost'] as const;

function objectiveWeights(text: string): ObjectiveWeights {
  const weights = { carbon: 0, latency: 0, servers: 0, cost: 0 };
  for (const part of text.split(',')) {
    const [name, value = '', ...more] = part.split('=');
    const known = weightNames.find((candidate) => candidate === name?.trim());
    if (!known || more.length > 0)
      throw new InvalidArgumentError(`Expected ${weightNames.join(', ')}, each with =.`);
    weights[known] = nonNegativeNumber(value);
  }
  if (weightNames.every((name) => weights[name] === 0)) {
    throw new InvalidArgumentError('Expected at least one weight above 0.');
  }
  return weights;
}

/** What a change costs, and how far ahead a policy looks that does. */
export interface SwitchingFlags {
  horizon: number;
  switchingGrams: number;
  movingGrams: number;
  minResidence: number;
  maxRegionsChanged?: number;
}

export function withSwitchingOptions(command: Command): Command {
  return command
    .option('--horizon <intervals>', 'intervals that the policy horizon looks ahead', positiveInteger, 24)
    .option(
      '--switching-grams <g>',
      'gCO2e for every server started or stopped; like the next three, for the policies horizon and oracle',
      nonNegativeNumber,
      0,
    )
    .option(
      '--moving-grams <g>',
      'damping: gCO2e for every request/s moved to or from a region',
      nonNegativeNumber,
      0,
    )
    .option('--min-residence <intervals>', 'intervals that a started server stays', positiveInteger, 1)
    .option('--max-regions-changed <n>', 'regions whose servers may change an interval', positiveInteger);
}

/** Changes are free for a command without these flags: it decides one interval alone. */
export function decideOptionsOf(flags: Partial<SwitchingFlags>): DecideOptions {
  return {
    horizonIntervals: flags.horizon ?? 1,
    switching: {
      gramsPerServerChange: flags.switchingGrams ?? 0,
      gramsPerRequestMoved: flags.movingGrams ?? 0,
      minResidenceIntervals: flags.minResidence ?? 1,
      ...(flags.maxRegionsChanged !== undefined && { maxRegionsChanged: flags.maxRegionsChanged }),
    },
  };
}

/** Which stack, and which file its config comes from. */
export interface StackFlags {
  stack: string;
  configFile?: string;
}

export function withStackOptions(command: Command): Command {
  return command
    .option('--stack <name>', 'Pulumi stack', 'dev')
    .option('--config-file <path>', 'stack file (default: Pulumi.<stack>.yaml of the project)');
}

/** What the flags say of a plan, whatever each region holds. */
export function objectiveOptionsOf(flags: PlanFlags): Omit<PlanOptions, 'capacity' | 'keepWarm'> {
  return { policy: flags.policy, maxLatencyMs: flags.maxLatency, ...countedOptionsOf(flags) };
}

/** Flags of a command that plans by several policies and bounds, which it takes in flags of its own. */
type SharedFlags = Omit<PlanFlags, 'policy' | 'maxLatency'>;
type SharedOptions = Omit<PlanOptions, 'policy' | 'maxLatencyMs'>;

/** What counts, whatever the policy and the bound. */
function countedOptionsOf(flags: SharedFlags): Omit<SharedOptions, 'capacity' | 'keepWarm'> {
  return {
    alpha: flags.alpha,
    ...(flags.solver && { solver: flags.solver }),
    ...(flags.networkJoules !== undefined && {
      accounting: { networkJoulesPerRequest: flags.networkJoules },
    }),
    ...(flags.objectiveWeights && { objectiveWeights: flags.objectiveWeights }),
    ...(flags.leastViolation && { leastViolation: true }),
  };
}

/** A plan without a stack: the flags over the reference's constants, the same for all regions but for --regions. */
export function planOptionsOf(
  flags: PlanFlags & CapacityFlags,
  traceRegions: readonly string[],
): PlanOptions {
  return {
    policy: flags.policy,
    maxLatencyMs: flags.maxLatency,
    ...sharedOptionsOf(flags, traceRegions),
  };
}

/** The same of plans by several policies and bounds. */
export function sharedOptionsOf(
  flags: SharedFlags & CapacityFlags,
  traceRegions: readonly string[],
): SharedOptions {
  const capacity = {
    ...referenceCapacity,
    ...(flags.requestsPerServer !== undefined && { requestsPerServer: flags.requestsPerServer }),
    ...(flags.maxServers !== undefined && { maxServers: flags.maxServers }),
  };
  return {
    ...countedOptionsOf(flags),
    keepWarm: false,
    capacity: () => capacity,
    ...(flags.without && { without: knownRegions(flags.without, traceRegions) }),
    ...(flags.heldReady && { heldReady: flags.heldReady }),
    ...(flags.maxShare !== undefined && { maxSharePercent: flags.maxShare }),
    ...(flags.regions !== undefined && { regionRows: readRegions(flags.regions, traceRegions) }),
  };
}
