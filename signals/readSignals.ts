import type { RegionConfig, SignalsConfig } from '../stack/stackConfig';
import type { Missing } from '../traces/cells';
import { askForecast, askLatest } from './askZone';
import { chooseValue, wantsForecast, type ChosenValue } from './chooseValue';
import type { Fault } from './fault';
import { readKept, writeKept } from './keptSignals';
import { openSource } from './openSource';
import { placesOf, type Place } from './places';
import { refuseMixedMethods } from './sameMethod';
import type { CarbonSource } from './source';
import type { Surroundings } from './surroundings';

/** The carbon intensity of a region now. */
export interface RegionSignal {
  readonly region: string;
  /** Name of the source in the stack file. */
  readonly source: string;
  readonly zone: string;
  readonly signal: ChosenValue | Missing;
  /** What was wrong with the source's data; also where a value could be had. */
  readonly faults: readonly Fault[];
}

/** Zones that one source is asked for at the same time. */
const zonesAtOnce = 4;

/**
 * The regions' values of now, each with where it comes from: one request a zone and period, and none where what is kept
 * still holds.
 * @throws SignalsConfigError where a credential or a zone is missing, or where the regions' methods differ
 */
export async function readSignals(
  regions: readonly RegionConfig[],
  signals: SignalsConfig,
  surroundings: Surroundings,
): Promise<RegionSignal[]> {
  const places = placesOf(regions, signals);
  const sources = new Map(places.map(({ config }) => config).map((config) => [config.name, config] as const));
  const opened = new Map([...sources].map(([name, config]) => [name, openSource(config, surroundings)]));
  const sourceOf = ({ config }: Place): CarbonSource => {
    const source = opened.get(config.name);
    if (!source) throw new Error(`no source ${config.name}`);
    return source;
  };
  refuseMixedMethods(
    places.map((place) => ({
      region: place.region,
      source: place.config.name,
      method: sourceOf(place).method,
    })),
  );
  const keyOf = ({ config, zone }: Place): string => `${config.name} ${zone}`;
  const distinct = new Map(places.map((place) => [keyOf(place), place]));
  const read = new Map<string, Omit<RegionSignal, 'region'>>();
  const bySource = Map.groupBy(distinct.values(), ({ config }) => config.name);
  await Promise.all(
    [...bySource.values()].map((same) =>
      inTurns(same, zonesAtOnce, async (place) => {
        read.set(keyOf(place), await readZone(sourceOf(place), place.zone, signals, surroundings));
      }),
    ),
  );
  return places.map((place) => {
    const signal = read.get(keyOf(place));
    if (!signal) throw new Error(`nothing read for ${keyOf(place)}`);
    return { region: place.region, ...signal };
  });
}

async function readZone(
  source: CarbonSource,
  zone: string,
  limits: SignalsConfig,
  { nowMs: clock, folder }: Surroundings,
): Promise<Omit<RegionSignal, 'region'>> {
  const before = readKept(folder, source, zone);
  let kept = await askLatest(before, source, zone, clock());
  if (wantsForecast(kept, limits, clock())) kept = await askForecast(kept, source, zone, clock());
  if (kept !== before) writeKept(folder, source, zone, kept);
  const place = { source: source.name, zone, method: source.method };
  const { chosen, faults } = chooseValue(kept, place, limits, clock());
  return { source: source.name, zone, signal: chosen, faults };
}

async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
