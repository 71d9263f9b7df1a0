import type { ZoneRefusal } from './access';
import type { Basis, Method } from './signalValue';

/** A value as a source writes it, before anybody has looked whether it can be one. */
export interface RawPoint {
  /** The zone that the answer names; the one asked for where it names none. */
  readonly zone: string;
  /** Start of the period as ISO 8601 with a zone. */
  readonly start: string;
  readonly seconds: number;
  /** In the source's own unit. */
  readonly value: unknown;
  readonly basis: Basis;
  readonly tense: 'actual' | 'forecast';
  /** Of a recorded value: the start of the period that it was recorded of. */
  readonly recorded?: string;
}

export interface Answer {
  readonly points: readonly RawPoint[];
  /** For how long the provider says that the answer stays as it is. */
  readonly lifetimeSeconds?: number;
}

/** @param lifetimeSeconds as the provider says it, or nothing */
export function answerOf(
  { lifetimeSeconds }: { readonly lifetimeSeconds?: number },
  points: readonly RawPoint[],
): Answer {
  return { points, ...(lifetimeSeconds !== undefined && { lifetimeSeconds }) };
}

/** A provider of carbon intensity, as set up in the stack file. */
export interface CarbonSource {
  /** Name in the stack file. */
  readonly name: string;
  /** What tells its values from those of the same provider set up in another way; holds no secret. */
  readonly identity: string;
  readonly method: Method;
  /** gCO2e/kWh that one of the source's own unit is. */
  readonly gramsPerUnit: number;
  /** How often the provider has something new; it is asked no more often. */
  readonly refreshSeconds: number;
  /**
   * The values of now and just before, and those to come where the provider gives them in the same answer.
   * @throws SignalError
   */
  readonly latest: (zone: string) => Promise<Answer>;
  /** The values to come, where they are a request of their own. */
  readonly forecast?: (zone: string) => Promise<Answer>;
  /**
   * What the account may ask, where the provider has a way to say it.
   * @throws SignalError
   */
  readonly access?: () => Promise<ZoneRefusal>;
}
