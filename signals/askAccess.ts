import type { RegionConfig, SignalsConfig } from '../stack/stackConfig';
import { lastingRefusals } from './access';
import { SignalError, SignalsConfigError } from './fault';
import { readGranted, writeGranted } from './keptAccess';
import { openSource } from './openSource';
import { placesOf, type Place } from './places';
import type { CarbonSource } from './source';
import type { Surroundings } from './surroundings';

/** How long it counts that an account may ask for a zone. That it may not is asked again each time. */
const grantedMs = 24 * 3600_000;

/**
 * Asks every source that has a way what its account may ask, so that regions that cannot be had are known before
 * anything is planned. What was granted is kept for a day.
 * @returns what could not be found out, for people; their values then say it
 * @throws SignalsConfigError that names all regions that cannot be had, each with the reason
 */
export async function askAccess(
  regions: readonly RegionConfig[],
  signals: SignalsConfig,
  surroundings: Surroundings,
): Promise<string[]> {
  const bySource = Map.groupBy(placesOf(regions, signals), ({ config }) => config);
  const asked = await Promise.all([...bySource.values()].map((places) => refusalsOf(places, surroundings)));
  const refused = asked.flatMap(({ refusals }) => refusals);
  if (refused.length === 0) return asked.flatMap(({ notes }) => notes);
  throw new SignalsConfigError(
    `The carbon intensity of some regions cannot be had, so nothing is planned:\n${refused.map((line) => `  ${line}`).join('\n')}\n` +
      'Correct what each line says, or give these regions another source: signal.source in casper:regions.',
  );
}

interface Asked {
  readonly refusals: readonly string[];
  readonly notes: readonly string[];
}

/** @param places all of one source */
async function refusalsOf(places: readonly Place[], surroundings: Surroundings): Promise<Asked> {
  const all = places.map(({ region }) => region).join(', ');
  const [first] = places;
  if (!first) return { refusals: [], notes: [] };
  let source: CarbonSource;
  try {
    source = openSource(first.config, surroundings);
  } catch (error) {
    if (!(error instanceof SignalsConfigError)) throw error;
    return { refusals: [`${all}: ${error.message}`], notes: [] };
  }
  if (!source.access) return { refusals: [], notes: [] };
  const zones = [...new Set(places.map(({ zone }) => zone))];
  const nowMs = surroundings.nowMs();
  const granted = readGranted(surroundings.folder, source, nowMs);
  if (zones.every((zone) => granted.includes(zone))) return { refusals: [], notes: [] };
  try {
    const refusal = await source.access();
    const mayAsk = zones.filter((zone) => refusal(zone) === null);
    writeGranted(surroundings.folder, source, mayAsk, nowMs + grantedMs);
    const refusals = places.flatMap(({ region, zone }) => {
      const why = refusal(zone);
      return why === null ? [] : [`${region} (zone ${zone} of ${source.name}): ${why}`];
    });
    return { refusals, notes: [] };
  } catch (error) {
    if (!(error instanceof SignalError)) throw error;
    if (lastingRefusals.has(error.kind)) return { refusals: [`${all}: ${error.message}`], notes: [] };
    return {
      refusals: [],
      notes: [`what the account of ${source.name} may ask for is not known: ${error.message}`],
    };
  }
}
