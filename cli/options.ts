import { InvalidArgumentError, Option, type Command } from 'commander';
import { referenceCapacity, type CapacityConfig } from '../config';
import type { PlanOptions } from '../planning/intervalPlan';

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
const share = numberIn(0, 1, false, 'a number from 0 to 1');

/** A latency bound in ms, or "none". */
function latencyBound(text: string): number {
  return text === 'none' ? Infinity : numberIn(0, 1e9, false, 'milliseconds, or "none"')(text);
}

/** What shapes a plan, besides the trace and the interval. */
export interface PlanFlags {
  policy: string;
  maxLatency: number;
  alpha: number;
  requestsPerServer?: number;
  maxServers?: number;
}

export function withPlanOptions(command: Command): Command {
  return command
    .option('--policy <name>', 'placement policy', 'carbon')
    .option(
      '--max-latency <ms>',
      'latency bound from origin to destination, or "none"',
      latencyBound,
      referenceMaxLatencyMs,
    )
    .addOption(
      new Option('--alpha <share>', 'weight of carbon against servers, 0 to 1')
        .argParser(share)
        .default(referenceAlpha),
    )
    .option('--requests-per-server <n>', 'requests/s that one server carries', positiveInteger)
    .option('--max-servers <n>', 'servers a region may have', positiveInteger);
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

/** The flags over what the stack file says; the reference's constants where neither speaks. */
export function planOptionsOf(
  flags: PlanFlags,
  capacity: CapacityConfig = referenceCapacity,
  keepWarm = false,
): PlanOptions {
  return {
    policy: flags.policy,
    maxLatencyMs: flags.maxLatency,
    alpha: flags.alpha,
    keepWarm,
    capacity: {
      ...capacity,
      requestsPerServer: flags.requestsPerServer ?? capacity.requestsPerServer,
      maxServersPerRegion: flags.maxServers ?? capacity.maxServersPerRegion,
    },
  };
}
