import type { DecideOptions } from '../planning/decide';
import type { IntervalPlan } from '../planning/intervalPlan';
import { capacityAsTheyAre } from '../planning/leftOut';
import type { PlanOptions } from '../planning/planOptions';
import { planOverHoles, planRange } from '../planning/planRange';
import { puesOf } from '../signals/regionPue';
import { baselines, simulate, type Simulation } from '../study/simulation';
import { capacityOf } from '../stack/capacity';
import { failureDomainOf } from '../stack/failureDomain';
import { originsOf } from '../stack/requestPath';
import type { StackConfig, StackPlan } from '../stack/stackConfig';
import { readStackSettings } from '../stack/stackFile';
import { openTrace } from './openTrace';
import { readRegions, type RegionRow } from '../traces/readRegions';
import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import {
  decideOptionsOf,
  knownRegions,
  objectiveOptionsOf,
  type PlanFlags,
  type SwitchingFlags,
} from './options';

/** The regions of the stack and of the trace are not the same ones. */
export class RegionMismatchError extends Error {
  override readonly name = 'RegionMismatchError';
}

/** A regions.csv says of a stack what its stack file has to say. */
export class CapacityPlaceError extends Error {
  override readonly name = 'CapacityPlaceError';
}

/** A trace, and how its intervals are planned for the regions and capacities of a stack file. */
export interface StackPlanning {
  readonly trace: Trace;
  readonly options: StackPlanOptions;
}

/** @throws RegionMismatchError, CapacityPlaceError */
export function openPlanning(
  configFile: string,
  traces: string,
  flags: PlanFlags & Partial<SwitchingFlags>,
): StackPlanning {
  const config = readStackSettings(configFile);
  const trace = openTrace(traces);
  assertSameRegions(
    trace,
    config.regions.map(({ name }) => name),
    configFile,
  );
  return { trace, options: optionsForStack(config, configFile, trace.regions, flags) };
}

/** How a stack's intervals are planned. */
export type StackPlanOptions = PlanOptions & DecideOptions;

/** @throws UnknownRegionError, CapacityPlaceError */
export function optionsForStack(
  config: StackConfig,
  configFile: string,
  regions: readonly string[],
  flags: PlanFlags & Partial<SwitchingFlags>,
): StackPlanOptions {
  return {
    ...objectiveOptionsOf(flags),
    keepWarm: config.service.keepWarm,
    capacity: (region) => capacityOf(config, region),
    // Without proxies nothing moves by itself when a region is lost.
    heldReady: originsOf(config).length > 0 ? config.resilience.heldReady : 'none',
    ...(flags.without && { without: knownRegions(flags.without, regions) }),
    failureDomain: (region) => failureDomainOf(config, region),
    ...(config.resilience.maxSharePercent !== undefined && {
      maxSharePercent: config.resilience.maxSharePercent,
    }),
    regionRows: withPue(
      config,
      flags.regions === undefined ? new Map() : readRegionsOfStack(flags.regions, regions, configFile),
    ),
    ...decideOptionsOf(flags),
  };
}

/**
 * Plans intervals one after the other; applies nothing.
 * @param from start of the first interval; the trace's first one when absent
 * @param count how many intervals
 */
export function planForStack(
  { trace, options }: StackPlanning,
  from: string | undefined,
  count: number,
): Promise<IntervalPlan[]> {
  return planRange(trace, from ?? trace.firstInterval, count, options);
}

/** The same where an hour of which the trace lacks a value, but for the first, has the plan of the hour before it. */
export function planRunForStack(
  { trace, options }: StackPlanning,
  from: string | undefined,
  count: number,
): Promise<IntervalPlan[]> {
  return planOverHoles(trace, from ?? trace.firstInterval, count, options);
}

/**
 * The same without regions that are lost. A limit that cannot be kept without them is broken as little as can be: nobody
 * would be served otherwise.
 */
export function withoutRegions({ trace, options }: StackPlanning, without: readonly string[]): StackPlanning {
  return { trace, options: { ...options, without, ...(without.length > 0 && { leastViolation: true }) } };
}

/** The same with regions that cannot be changed. A limit that cannot be kept so is broken as little as can be. */
export function withRegionsAsTheyAre(
  { trace, options }: StackPlanning,
  asTheyAre: readonly string[],
  inForce: StackPlan,
): StackPlanning {
  if (asTheyAre.length === 0) return { trace, options };
  const capacity = capacityAsTheyAre(options.capacity, asTheyAre, inForce);
  return { trace, options: { ...options, capacity, leastViolation: true } };
}

/** The same intervals under the same limits, but for those with holes, by the policy and by every baseline. */
export function simulateForStack(
  { trace, options }: StackPlanning,
  from: string | undefined,
  count: number,
): Promise<Simulation> {
  const first = trace.at(from ?? trace.firstInterval).start;
  return simulate(trace, {
    ...options,
    from: first,
    to: isoOf(secondsOf(first) + count * trace.intervalSeconds),
    policies: [...new Set([options.policy, ...baselines])],
    maxLatenciesMs: [options.maxLatencyMs],
    heldReadyLevels: [options.heldReady ?? 'none'],
    overHoles: true,
  });
}

/** The stack's PUE of each region, where its row does not say otherwise. */
function withPue(
  { regions }: StackConfig,
  rows: ReadonlyMap<string, RegionRow>,
): ReadonlyMap<string, RegionRow> {
  const pues = [...puesOf(regions).byRegion].map(
    ([region, pue]) => [region, { pue, ...rows.get(region) }] as const,
  );
  return new Map([...rows, ...pues]);
}

const capacityColumns = {
  servers: 'maxServers',
  min_servers: 'minServers',
  requests_per_server: 'requestsPerServer',
} as const;

/**
 * Reads a regions.csv for a stack: energy, prices and destinations. What a region holds stands in the stack file, where
 * the file's checks, the CPU ceiling and pre-scaling find it too.
 */
function readRegionsOfStack(
  file: string,
  regions: readonly string[],
  configFile: string,
): ReadonlyMap<string, RegionRow> {
  const rows = readRegions(file, regions);
  for (const [region, row] of rows) {
    for (const [column, key] of Object.entries(capacityColumns)) {
      if (row[key] === undefined) continue;
      throw new CapacityPlaceError(
        `${file}: column ${column} says ${row[key]} for ${region}, but a stack has that in its stack file: set ` +
          `capacity.${key} of ${region} in casper:regions of ${configFile}, and take the column out`,
      );
    }
  }
  return rows;
}

function assertSameRegions(trace: Trace, stackRegions: readonly string[], configFile: string): void {
  const notInStack = trace.regions.filter((region) => !stackRegions.includes(region));
  const notInTrace = stackRegions.filter((region) => !trace.regions.includes(region));
  if (notInStack.length + notInTrace.length === 0) return;
  throw new RegionMismatchError(
    [
      notInStack.length > 0
        ? `casper:regions in ${configFile} lacks ${notInStack.join(', ')} of the trace in ${trace.directory}.`
        : '',
      notInTrace.length > 0
        ? `The trace in ${trace.directory} lacks ${notInTrace.join(', ')} of casper:regions in ${configFile}.`
        : '',
      `Correct casper:regions, or write a stack file for this trace: casper init --traces ${trace.directory} --config-file FILE`,
    ]
      .filter((line) => line !== '')
      .join(' '),
  );
}
