import type { Observation, PairRequests } from '../observe/observeRequests';
import { isUnknown, type Unknown } from '../observe/unknown';

const notObserved: Unknown = { unknown: 'not observed' };

/** What was observed, by origin and destination; a pair that was not observed is unknown. */
export class PairTable {
  private readonly byPair: ReadonlyMap<string, PairRequests | Unknown>;
  private readonly resets = new Map<string, number>();

  constructor(observations: readonly Observation[]) {
    this.byPair = new Map(
      observations.map(({ origin, destination, requests }) => [`${origin} ${destination}`, requests]),
    );
    for (const { origin, requests } of observations) {
      if (!isUnknown(requests)) this.resets.set(origin, Math.max(this.resetsOf(origin), requests.resets));
    }
  }

  of(origin: string, destination: string): PairRequests | Unknown {
    return this.byPair.get(`${origin} ${destination}`) ?? notObserved;
  }

  /** How often an origin's Traefik began anew: where it is not 0, all that it counted is a lower bound. */
  resetsOf(origin: string): number {
    return this.resets.get(origin) ?? 0;
  }

  served(origin: string, destination: string): number | Unknown {
    const requests = this.of(origin, destination);
    return isUnknown(requests) ? requests : requests.served;
  }
}

/** A sum is unknown where one of its parts is, for the same reason. */
export function sumKnown(values: readonly (number | Unknown)[]): number | Unknown {
  return values.find(isUnknown) ?? values.reduce<number>((total, value) => total + Number(value), 0);
}

/** Stands before a figure that is a lower bound, as a Traefik began anew and took with it what it had counted last. */
export const atLeast = '>=';

/** Stands before a quotient of lower bounds. */
export const about = '~';

/** In words, for every origin whose Traefik began anew. */
export function resetNotes(observations: readonly Observation[]): string[] {
  const table = new PairTable(observations);
  const origins = [...new Set(observations.map(({ origin }) => origin))];
  return origins
    .filter((origin) => table.resetsOf(origin) > 0)
    .map(
      (origin) =>
        `the Traefik of ${origin} began anew (${table.resetsOf(origin)} x) and took with it what it had counted since the scrape before: its counts are lower bounds (${atLeast}), its shares and means not exact (${about})`,
    );
}
