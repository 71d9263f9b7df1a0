/** How a figure was made. Figures that differ in any of it are never compared. */
export interface Method {
  readonly signal: 'average' | 'marginal';
  /** Whether building the plants and fetching their fuel counts, or only what leaves the chimney. */
  readonly factors: 'lifeCycle' | 'direct';
  /** Whether power that crosses a border is followed to where it was made. */
  readonly flowTraced: boolean;
}

/** What a source says of the way that it came by a figure. */
export type Basis = 'measured' | 'estimated' | 'recorded' | 'not said';

/** Carbon intensity of one grid zone over one period. */
export interface SignalValue {
  /** As the source calls it. */
  readonly zone: string;
  /** Start of the period, ISO 8601 in UTC. */
  readonly start: string;
  /** Length of the period. */
  readonly seconds: number;
  /** Greater than 0. */
  readonly gramsPerKwh: number;
  readonly method: Method;
  readonly basis: Basis;
  /** `mean`: of the zone's own values at this hour of the day. */
  readonly tense: 'actual' | 'forecast' | 'mean';
  /** Name of the source in the stack file. */
  readonly source: string;
  /** When it was fetched, ISO 8601 in UTC; of a mean, when it was worked out. */
  readonly fetchedAt: string;
  /** Of a recorded value: the start of the period that it was recorded of. */
  readonly recorded?: string;
}

/** End of the period, which is no longer part of it. */
export function endMsOf({ start, seconds }: SignalValue): number {
  return Date.parse(start) + seconds * 1000;
}

export function covers(value: SignalValue, nowMs: number): boolean {
  return Date.parse(value.start) <= nowMs && nowMs < endMsOf(value);
}

/** Since when the period of a value is over, in ms; 0 while it lasts. */
export function ageMsOf(value: SignalValue, nowMs: number): number {
  return Math.max(0, nowMs - endMsOf(value));
}

/** Values of one zone in the order of time; of a period that stands in both, the later answer's. */
export function merged(before: readonly SignalValue[], now: readonly SignalValue[]): SignalValue[] {
  const starts = new Set(now.map(({ start }) => start));
  return [...before.filter(({ start }) => !starts.has(start)), ...now].sort(
    (a, b) => Date.parse(a.start) - Date.parse(b.start),
  );
}

export function describeMethod({ signal, factors, flowTraced }: Method): string {
  return [
    signal,
    factors === 'lifeCycle' ? 'life cycle' : 'direct',
    flowTraced ? 'flow-traced' : 'not flow-traced',
  ].join(', ');
}
