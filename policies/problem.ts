/**
 * One interval's placement problem. Arrays are aligned with `regions`; a region is an origin and a destination.
 * The data were checked where they entered: a policy trusts them.
 */
export interface PlacementProblem {
  readonly regions: readonly string[];
  /** Requests/s by origin: non-negative integers. */
  readonly requestsPerSecond: readonly number[];
  /** gCO2e/kWh by destination: greater than 0. */
  readonly carbonGramsPerKwh: readonly number[];
  /** ms, [origin][destination]. */
  readonly latencyMs: readonly (readonly number[])[];
  /** Requests/s that one server carries: an integer, so that an optimal flow of requests is integral too. */
  readonly requestsPerServer: number;
  readonly maxServersPerRegion: number;
  /** Bound on the latency from origin to destination in ms; Infinity for none. */
  readonly maxLatencyMs: number;
  /** Weight of carbon (or latency) against the number of servers, 0 to 1. */
  readonly alpha: number;
}

/** What was asked to solve it. `milliseconds` is the solver's own count, over all its calls. */
export interface SolverReport {
  readonly name: string;
  readonly status: string;
  readonly milliseconds: number;
}

/** A decision that keeps every limit and is optimal for its policy. */
export interface Placement {
  readonly kind: 'placement';
  /** By destination. */
  readonly servers: readonly number[];
  /** Requests/s, [origin][destination]. */
  readonly requests: readonly (readonly number[])[];
  /** Dimensionless; less is better. */
  readonly objective: number;
  readonly solver: SolverReport;
}

/** Why no placement keeps every limit. */
export interface Infeasible {
  readonly kind: 'infeasible';
  /** At least one. */
  readonly shortfalls: readonly Shortfall[];
}

export type Shortfall = LatencyShortfall | CapacityShortfall;

/** An origin that has no destination within the bound. */
export interface LatencyShortfall {
  readonly limit: 'latency';
  readonly origin: string;
  readonly boundMs: number;
  readonly nearestDestination: string;
  readonly nearestMs: number;
}

/** Origins whose destinations within the bound cannot take all their requests, however they are split. */
export interface CapacityShortfall {
  readonly limit: 'capacity';
  readonly origins: readonly string[];
  /** The destinations that these origins fill up. */
  readonly destinations: readonly string[];
  readonly requestsPerSecondShort: number;
  readonly serversShort: number;
}

export type PlacementPolicy = (problem: PlacementProblem) => Promise<Placement | Infeasible>;
