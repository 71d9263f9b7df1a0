import type { Observation, PairRequests } from '../observe/observeRequests';
import { isUnknown, type Unknown } from '../observe/unknown';

const notObserved: Unknown = { unknown: 'not observed' };

/** What was observed, by origin and destination; a pair that was not observed is unknown. */
export class PairTable {
  private readonly byPair: ReadonlyMap<string, PairRequests | Unknown>;

  constructor(observations: readonly Observation[]) {
    this.byPair = new Map(
      observations.map(({ origin, destination, requests }) => [`${origin} ${destination}`, requests]),
    );
  }

  of(origin: string, destination: string): PairRequests | Unknown {
    return this.byPair.get(`${origin} ${destination}`) ?? notObserved;
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
