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
  /** By destination. */
  readonly capacity: readonly RegionCapacity[];
  /**
   * Energy of the network for one request, in joules, wherever it is served: half of it by the grid of its origin and
   * half by that of its destination. 0 when absent.
   */
  readonly networkJoulesPerRequest?: number;
  /** Bound on the latency from origin to destination in ms; Infinity for none. */
  readonly maxLatencyMs: number;
  /** Whether an origin may be served at a destination, [origin][destination]; everything may when absent. */
  readonly allowed?: readonly (readonly boolean[])[];
  /** What fails together, by destination: regions of one name are lost as one. Each is lost alone when absent. */
  readonly failureDomains?: readonly string[];
  /** N-1: whichever one failure domain is lost, the servers of the others carry all requests within the same limits. */
  readonly survivesRegionLoss?: boolean;
  /** The most requests/s that one region serves, an integer; only its servers limit it when absent. */
  readonly maxRequestsPerRegion?: number;
  /** How far requests may differ from those above; they come as they are when absent. */
  readonly demandErrors?: DemandErrors;
}

/** What may come instead of the expected requests. */
export interface DemandErrors {
  /** Requests over those expected, [case][origin]; one case is as likely as another, and there is at least one. */
  readonly ratios: readonly (readonly number[])[];
  /** Of a destination's cases, this share with the most load: it must have room for the mean of them. */
  readonly worstShare: number;
}

/** Capacity, power and price of one region; the reference's constants are in planning/. */
export interface RegionCapacity {
  /** Integers; minServers run even without requests. */
  readonly minServers: number;
  readonly maxServers: number;
  /** Requests/s that one server carries: an integer, so that an optimal flow of requests is integral too. */
  readonly requestsPerServer: number;
  /** Power of one server without requests, at the plug of the server. */
  readonly idleWatts: number;
  /** Power of one fully loaded server above its idle power; in between it grows in proportion to the load. */
  readonly dynamicWatts: number;
  /** Power of the site over power of its servers: at least 1. */
  readonly pue: number;
  /** gCO2e of making one server and taking it apart, by the hour that it runs. */
  readonly embodiedGramsPerServerHour: number;
  /** Money, in whatever currency all regions share. */
  readonly pricePerServerHour: number;
}

/** How much each part of the objective counts: 0 or more, at least one above 0. Each part is scaled to 0 to 1 first. */
export interface ObjectiveWeights {
  readonly carbon: number;
  readonly latency: number;
  readonly servers: number;
  readonly cost: number;
}

/** Which solvers proved a placement, and what they proved. */
export interface SolverReport {
  readonly name: string;
  readonly status: string;
}

/** Servers and requests as integers: a solver's floating-point answer, rounded. */
export interface Decision {
  /** By destination. */
  readonly servers: readonly number[];
  /** Requests/s, [origin][destination]. */
  readonly requests: readonly (readonly number[])[];
}

/** A decision that keeps every limit and is optimal for its policy. */
export interface Placement extends Decision {
  readonly kind: 'placement';
  /** The limits that it breaks; only least-violating placements have them. */
  readonly violations?: readonly Violation[];
  /** Dimensionless; less is better. */
  readonly objective: number;
  readonly solver: SolverReport;
}

export type Violation = LatencyViolation | CapacityViolation | ConcentrationViolation;

/** Requests that are served beyond the latency bound. */
export interface LatencyViolation {
  readonly limit: 'latency';
  readonly origin: string;
  readonly destination: string;
  readonly requestsPerSecond: number;
  readonly boundMs: number;
  readonly latencyMs: number;
}

/** Requests above what all servers of a destination carry. */
export interface CapacityViolation {
  readonly limit: 'capacity';
  readonly destination: string;
  readonly requestsPerSecond: number;
}

/** Requests above the share of all that one region may serve. */
export interface ConcentrationViolation {
  readonly limit: 'concentration';
  readonly destination: string;
  readonly requestsPerSecond: number;
}

/** Why no placement keeps every limit. */
export interface Infeasible {
  readonly kind: 'infeasible';
  /** At least one. */
  readonly shortfalls: readonly Shortfall[];
}

export type Shortfall =
  | LatencyShortfall
  | CapacityShortfall
  | ConcentrationShortfall
  | HeadroomShortfall
  | StaticShortfall
  | ChangeShortfall;

/** An origin that has no destination within the bound. */
export interface LatencyShortfall {
  readonly limit: 'latency';
  readonly origin: string;
  readonly boundMs: number;
  /** Among the regions that residency allows the origin. */
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

/** The servers would do, were a region allowed to serve a larger share of all requests. */
export interface ConcentrationShortfall extends Omit<CapacityShortfall, 'limit' | 'serversShort'> {
  readonly limit: 'concentration';
  readonly maxRequestsPerRegion: number;
}

/** What is short when one region fails. */
export interface HeadroomShortfall extends Omit<CapacityShortfall, 'limit'> {
  readonly limit: 'headroom';
  readonly lostRegion: string;
}

/** Every interval has a placement, but it cannot be reached with so few regions changed, or servers held so long. */
export interface ChangeShortfall {
  readonly limit: 'change';
}

/** Every interval has a placement, but no one placement fits them all. */
export interface StaticShortfall {
  readonly limit: 'static';
}

/** What a change from one interval to the next costs, and how it is limited. */
export interface Switching {
  /** gCO2e for every server started or stopped. */
  readonly gramsPerServerChange: number;
  /** Damping: gCO2e for every request/s that a destination gains or loses. */
  readonly gramsPerRequestMoved: number;
  /** A server that was started runs for at least so many intervals; 1 asks for nothing. */
  readonly minResidenceIntervals: number;
  /** Regions whose servers may change from one interval to the next; any number when absent. */
  readonly maxRegionsChanged?: number;
}

/** What runs when a range begins. By destination. */
export interface InitialState {
  readonly servers: readonly number[];
  /** Requests/s. */
  readonly loads: readonly number[];
  /** Servers started in the intervals before, the latest first; as many intervals as are known. */
  readonly started: readonly (readonly number[])[];
}

/** What the policies that see more than an interval know besides the problems. */
export interface RangeContext {
  readonly switching: Switching;
  /** When absent, nothing is known and the first interval costs no change. */
  readonly initialState?: InitialState;
}

export interface InfeasibleInterval {
  readonly kind: 'infeasible';
  /** Position among the problems. */
  readonly position: number;
  readonly infeasible: Infeasible;
}

/** Decides one interval by what is known of that interval. */
export type Place = (problem: PlacementProblem) => Promise<Placement | Infeasible>;

/**
 * Decides several intervals together. The problems have the same regions, capacity and latency, in order of time;
 * there is at least one. Infeasible when no placement keeps every limit in one of them.
 */
export type PlaceAll = (
  problems: readonly PlacementProblem[],
  context: RangeContext,
) => Promise<readonly Placement[] | InfeasibleInterval>;

/** A policy, by how much of the time it sees; `bounded` says whether it keeps the latency bound. */
export type Policy = IntervalPolicy | HorizonPolicy | RangePolicy;

export interface IntervalPolicy {
  readonly sees: 'interval';
  readonly bounded: boolean;
  /** Whether it makes room for a problem's demandErrors by itself; otherwise requests have to have their margin. */
  readonly weighsErrors?: boolean;
  readonly place: Place;
}

/** Asked again in every interval, with what is then known of the next ones; its first placement is taken. */
export interface HorizonPolicy {
  readonly sees: 'horizon';
  readonly bounded: boolean;
  readonly placeAll: PlaceAll;
}

/** Asked once, with all intervals as they turn out. */
export interface RangePolicy {
  readonly sees: 'range';
  readonly bounded: boolean;
  readonly placeAll: PlaceAll;
}
