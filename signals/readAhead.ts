import type { RegionConfig, SignalsConfig } from '../stack/stackConfig';
import { askForecast } from './askZone';
import type { Fault } from './fault';
import { readKept, writeKept } from './keptSignals';
import { openSource } from './openSource';
import { placesOf } from './places';
import type { SignalValue } from './signalValue';
import type { Surroundings } from './surroundings';

/** What a source forecasts of a region's zone. */
export interface ZoneAhead {
  readonly source: string;
  readonly zone: string;
  /** In the order of time. */
  readonly values: readonly SignalValue[];
  /** What was wrong with the asking for it. */
  readonly faults: readonly Fault[];
}

/**
 * The forecasts of the regions' zones, asked for where what is kept no longer holds; a source that forecasts in the
 * answer that has the value of now is not asked twice.
 * @throws SignalsConfigError where a credential or a zone is missing
 */
export async function readAhead(
  regions: readonly RegionConfig[],
  signals: SignalsConfig,
  surroundings: Surroundings,
): Promise<ReadonlyMap<string, ZoneAhead>> {
  const { folder, nowMs } = surroundings;
  const places = placesOf(regions, signals);
  const bySource = Map.groupBy(places, ({ config }) => config);
  const read = new Map<string, ZoneAhead>();
  for (const [config, same] of bySource) {
    const source = openSource(config, surroundings);
    for (const [zone, ofZone] of Map.groupBy(same, (place) => place.zone)) {
      const before = readKept(folder, source, zone);
      const kept = await askForecast(before, source, zone, nowMs());
      if (kept !== before) writeKept(folder, source, zone, kept);
      const faults = kept.forecastAsking?.faults ?? [];
      for (const { region } of ofZone) {
        read.set(region, { source: source.name, zone, values: kept.forecast, faults });
      }
    }
  }
  return read;
}
