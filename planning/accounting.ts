import type { PlacementProblem, RegionCapacity } from '../policies/problem';

/** How carbon is counted in every region, where its row of a regions.csv does not say otherwise. */
export interface Accounting {
  /** W of a server without requests; 0 when absent. */
  readonly idleWatts?: number | undefined;
  /** W of a full server above that; 1 W a request/s when absent. */
  readonly dynamicWatts?: number | undefined;
  /** 1 when absent. */
  readonly pue?: number | undefined;
  /** 0 when absent. */
  readonly embodiedGramsPerServerHour?: number | undefined;
  /** J in the network; 0 when absent. */
  readonly networkJoulesPerRequest?: number | undefined;
}

/** How carbon is counted, in words: a number of gCO2e means nothing without. */
export function describeAccounting({
  capacity,
  networkJoulesPerRequest = 0,
}: Pick<PlacementProblem, 'capacity' | 'networkJoulesPerRequest'>): string {
  const rangeOf = (of: (region: RegionCapacity) => number): string => {
    const values = capacity.map(of);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? short(least) : `${short(least)} to ${short(most)}`;
  };
  const embodied = rangeOf(({ embodiedGramsPerServerHour }) => embodiedGramsPerServerHour);
  return [
    `${rangeOf(({ idleWatts }) => idleWatts)} W of an idle server`,
    `${rangeOf(({ dynamicWatts, requestsPerServer }) => dynamicWatts / requestsPerServer)} W a request/s`,
    `PUE ${rangeOf(({ pue }) => pue)}`,
    embodied === '0' ? 'nothing embodied' : `${embodied} g embodied an hour of a server`,
    networkJoulesPerRequest === 0
      ? 'no energy of the network'
      : `${short(networkJoulesPerRequest)} J of the network a request, half by each end's grid`,
  ].join(', ');
}

/** The same for a trace by itself, whose table does not state how its intensities were made. */
export function describeTraceAccounting(
  problem: Pick<PlacementProblem, 'capacity' | 'networkJoulesPerRequest'>,
): string {
  return `gCO2e by carbon_intensities.csv, average or marginal, life cycle or direct as its source made it; ${describeAccounting(problem)}`;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
