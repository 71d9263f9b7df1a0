import { signalsSchema, type SourceConfig } from '../stack/signalsSchema';
import { checkPoints } from './checkPoints';
import { SignalError } from './fault';
import { openSource } from './openSource';
import { ageMsOf } from './signalValue';
import type { Answer, CarbonSource } from './source';
import type { Surroundings } from './surroundings';

/**
 * Asks the real services, with the accounts of whoever runs it, and looks whether they still answer in the shapes that
 * casper reads: by the same code and the same schemas. `npm run test:contract`.
 */

/** What became of a source: it was asked and answered as documented, or not; or it was not asked. */
export type ContractResult = {
  readonly source: string;
  /** What was found, or why it was not asked. */
  readonly lines: readonly string[];
} & ({ readonly outcome: 'kept' | 'broken'; readonly zone: string } | { readonly outcome: 'not run' });

interface Contract {
  readonly kind: Exclude<SourceConfig['kind'], 'recorded'>;
  /** Environment variables without which it cannot be asked. */
  readonly needs: readonly string[];
  /** Those of them that are the account. */
  readonly credentials?: readonly string[];
  /** The zone that is asked for, unless the variable names another. */
  readonly zone: string;
  readonly zoneVariable: string;
  readonly urlVariable: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

const contracts: readonly Contract[] = [
  {
    kind: 'electricityMaps',
    needs: ['ELECTRICITY_MAPS_TOKEN'],
    credentials: ['ELECTRICITY_MAPS_TOKEN'],
    zone: 'DE',
    zoneVariable: 'ELECTRICITY_MAPS_ZONE',
    urlVariable: 'ELECTRICITY_MAPS_URL',
  },
  {
    kind: 'wattTime',
    needs: ['WATTTIME_USER', 'WATTTIME_PASSWORD'],
    credentials: ['WATTTIME_PASSWORD'],
    // The one that an account without a subscription has.
    zone: 'CAISO_NORTH',
    zoneVariable: 'WATTTIME_REGION',
    urlVariable: 'WATTTIME_URL',
  },
  { kind: 'neso', needs: [], zone: 'GB', zoneVariable: 'NESO_ZONE', urlVariable: 'NESO_URL' },
  {
    kind: 'energyCharts',
    needs: [],
    zone: 'DE',
    zoneVariable: 'ENERGY_CHARTS_COUNTRY',
    urlVariable: 'ENERGY_CHARTS_URL',
  },
  {
    kind: 'carbonAwareSdk',
    needs: ['CARBON_AWARE_SDK_URL'],
    zone: 'eastus',
    zoneVariable: 'CARBON_AWARE_SDK_LOCATION',
    urlVariable: 'CARBON_AWARE_SDK_URL',
    settings: { signal: 'average', factors: 'lifeCycle' },
  },
];

export const contractKinds: readonly string[] = contracts.map(({ kind }) => kind);

/** Of every source its newest value is within an hour or two; a day-old one is no live source. */
const oldestHours = 6;

/** @param kinds the sources to ask */
export async function checkContracts(
  kinds: readonly string[],
  surroundings: Surroundings,
): Promise<ContractResult[]> {
  const results: ContractResult[] = [];
  for (const contract of contracts.filter(({ kind }) => kinds.includes(kind))) {
    results.push(await checkContract(contract, surroundings));
  }
  return results;
}

async function checkContract(contract: Contract, surroundings: Surroundings): Promise<ContractResult> {
  const { kind, needs, credentials = [], zoneVariable, urlVariable } = contract;
  const { environment } = surroundings;
  const unset = needs.filter((variable) => !environment[variable]?.trim());
  if (unset.length > 0) {
    return { source: kind, outcome: 'not run', lines: [`${unset.join(' and ')} not set`] };
  }
  const zone = environment[zoneVariable] ?? contract.zone;
  const baseUrl = environment[urlVariable];
  const lines: string[] = [];
  const broken = (line: string): ContractResult => ({
    ...{ source: kind, zone, outcome: 'broken' },
    lines: [...lines, line],
  });
  try {
    const { sources } = signalsSchema.parse({
      sources: [{ name: kind, kind, ...contract.settings, ...(baseUrl !== undefined && { baseUrl }) }],
    });
    const [config] = sources;
    if (!config) throw new Error('one source was set up');
    const source = openSource(config, surroundings);
    const refusal = await source.access?.();
    const why = refusal?.(zone) ?? null;
    if (refusal) lines.push(`access: ${why ?? 'granted'}`);
    if (why !== null) return broken(`name a zone that the account has in ${zoneVariable}`);
    lines.push(`now: ${newestOf(source, zone, await source.latest(zone), surroundings.nowMs())}`);
    if (source.forecast) lines.push(await forecastOf(source, zone, surroundings.nowMs()));
    if (credentials.length > 0) {
      const wrong = { ...environment, ...Object.fromEntries(credentials.map((name) => [name, 'wrong'])) };
      lines.push(await refusedOf(openSource(config, { ...surroundings, environment: wrong }), zone));
    }
    return { source: kind, zone, outcome: 'kept', lines };
  } catch (error) {
    if (!(error instanceof SignalError) && !(error instanceof ContractError)) throw error;
    return broken(error instanceof SignalError ? `${error.kind}: ${error.message}` : error.message);
  }
}

/** An answer that can be read and still is not what it should be. */
class ContractError extends Error {
  override readonly name = 'ContractError';
}

function newestOf(source: CarbonSource, zone: string, { points }: Answer, nowMs: number): string {
  const { actual, faults } = checkPoints(points, { source, zone, nowMs, known: [] });
  const newest = actual.at(-1);
  if (!newest) {
    throw new ContractError(`now: no value; ${faults.map(({ message }) => message).join('; ')}`);
  }
  const ageHours = ageMsOf(newest, nowMs) / 3600_000;
  if (ageHours > oldestHours) {
    throw new ContractError(
      `now: the newest value is over for ${ageHours.toFixed(1)} h, expected ${oldestHours} at most`,
    );
  }
  const wrong = faults.map(({ kind, message }) => `; ${kind}: ${message}`).join('');
  return `${newest.gramsPerKwh} gCO2e/kWh since ${newest.start} for ${newest.seconds} s, ${newest.basis}${wrong}`;
}

/** That a plan has no forecasts is no fault of the shape. */
async function forecastOf(source: CarbonSource, zone: string, nowMs: number): Promise<string> {
  try {
    const answer = await source.forecast?.(zone);
    const { forecast } = checkPoints(answer?.points ?? [], { source, zone, nowMs, known: [] });
    if (forecast.length === 0) throw new ContractError('forecast: no value');
    return `forecast: ${forecast.length} values from ${forecast[0]?.start ?? ''}`;
  } catch (error) {
    if (!(error instanceof SignalError) || error.kind !== 'not in the plan') throw error;
    return "forecast: not run, as the account's plan has none";
  }
}

async function refusedOf(source: CarbonSource, zone: string): Promise<string> {
  const kind = await source.latest(zone).then(
    () => 'an answer',
    (error: unknown) => {
      if (error instanceof SignalError) return error.kind;
      throw error;
    },
  );
  if (kind === 'unauthorised') return 'a wrong credential: unauthorised';
  throw new ContractError(`a wrong credential: ${kind}, expected unauthorised`);
}

/** The results for people; of a source that was not asked it says so. */
export function renderContracts(results: readonly ContractResult[]): string {
  return results
    .flatMap((result) => [
      result.outcome === 'not run'
        ? `${result.source}: NOT RUN: ${result.lines.join('; ')}`
        : `${result.source}, zone ${result.zone}: ${result.outcome}`,
      ...(result.outcome === 'not run' ? [] : result.lines.map((line) => `  ${line}`)),
    ])
    .join('\n');
}

/** 0 where something was asked and all that was answered as documented. */
export function exitCodeOf(results: readonly ContractResult[]): number {
  const ran = results.filter(({ outcome }) => outcome !== 'not run');
  return ran.length > 0 && ran.every(({ outcome }) => outcome === 'kept') ? 0 : 1;
}
