import path from 'node:path';
import { regionsAsTheyAre } from '../driver/reach';
import { LiveDemand } from '../live/liveDemand';
import type { LivePlanning } from '../live/planTick';
import { askAccess } from '../signals/askAccess';
import { realSurroundings } from '../signals/surroundings';
import { readStackSettings } from '../stack/stackFile';
import { cacheDirectory } from '../start/cacheDirectory';
import { forecasterNamed } from '../study/forecast/forecasters';
import { readLatencies, type Latencies } from '../traces/readLatencies';
import type { LiveFlags } from './liveOptions';
import type { PlanFlags, SwitchingFlags } from './options';
import { optionsForStack, RegionMismatchError } from './planFromStack';

/** @throws RegionMismatchError, StackConfigError, TraceError */
export function openLivePlanning(
  configFile: string,
  flags: LiveFlags & PlanFlags & Partial<SwitchingFlags>,
): LivePlanning {
  const { regions } = readStackSettings(configFile);
  const latencies = latenciesOf(
    flags.traces,
    regions.map(({ name }) => name),
    configFile,
  );
  const { forecast } = flags;
  return {
    configFile,
    latencies,
    optionsOf: (config) => optionsForStack(config, configFile, latencies.regions, flags),
    demandQuantile: flags.demandQuantile,
    demand: new LiveDemand(
      forecast === undefined
        ? null
        : { forecaster: forecasterNamed(forecast), demandQuantile: flags.demandQuantile },
    ),
    asTheyAre: regionsAsTheyAre,
    surroundings: realSurroundings(path.join(cacheDirectory, 'signals')),
  };
}

/**
 * Asks what the accounts of casper:signals may ask for, before anything is planned.
 * @returns what could not be found out
 * @throws SignalsConfigError that names all regions that cannot be had
 */
export async function askAccessOf({
  configFile,
  surroundings,
}: Pick<LivePlanning, 'configFile' | 'surroundings'>): Promise<string[]> {
  const { regions, signals } = readStackSettings(configFile);
  // Without the key the tick itself says what to add.
  return signals ? askAccess(regions, signals, surroundings) : [];
}

/** Latencies of the stack's regions; the folder may have more. */
function latenciesOf(folder: string, stackRegions: readonly string[], configFile: string): Latencies {
  const all = readLatencies(folder);
  const missing = stackRegions.filter((region) => !all.regions.includes(region));
  if (missing.length > 0) {
    throw new RegionMismatchError(
      `latency.csv in ${folder} lacks ${missing.join(', ')} of casper:regions in ${configFile}; give --traces a folder whose latency.csv has every region`,
    );
  }
  const picked = all.regions.flatMap((region, index) => (stackRegions.includes(region) ? [index] : []));
  return {
    ...all,
    regions: picked.map((index) => all.regions[index] ?? ''),
    latencyMs: picked.map((from) => picked.map((to) => all.latencyMs[from]?.[to] ?? NaN)),
  };
}
