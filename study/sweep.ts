import type { ObjectiveWeights } from '../policies/problem';
import type { Trace } from '../traces/trace';
import { simulate, type Simulated, type SimulationOptions } from './simulation';

export type Part = keyof ObjectiveWeights;

/** One mix of objective weights, and its simulated outcome. */
export interface SweepPoint {
  readonly objectiveWeights: ObjectiveWeights;
  readonly outcome: Simulated['outcome'];
  /** On the Pareto front: no other point of the sweep is better in one of the two parts and not worse in the other. */
  readonly onFront: boolean;
}

/** The points of a sweep, and how their carbon is counted. */
export interface Sweep {
  readonly accounting: string;
  readonly points: readonly SweepPoint[];
}

/** How much of a part an outcome has; less is better. */
const measures: Readonly<Record<Part, (outcome: Simulated['outcome']) => number>> = {
  carbon: ({ carbonGrams }) => carbonGrams,
  latency: ({ meanLatencyMs }) => meanLatencyMs ?? 0,
  servers: ({ servers }) => servers,
  cost: ({ cost }) => cost,
};

/**
 * Trades one part of the objective for another in even steps, over a range of the trace.
 * @param steps at least 2
 * @returns from all weight on the second part to all on the first; steps without a placement are left out
 */
export async function sweep(
  trace: Trace,
  [first, second]: readonly [Part, Part],
  steps: number,
  options: Omit<SimulationOptions, 'policies'>,
): Promise<Sweep> {
  const points: Omit<SweepPoint, 'onFront'>[] = [];
  let accounting = '';
  for (let step = 0; step < steps; step++) {
    const share = step / (steps - 1);
    const objectiveWeights = {
      carbon: 0,
      latency: 0,
      servers: 0,
      cost: 0,
      [first]: share,
      [second]: 1 - share,
    };
    const simulation = await simulate(trace, { ...options, objectiveWeights, policies: ['weighted'] });
    accounting = simulation.accounting;
    for (const result of simulation.results)
      if ('outcome' in result) points.push({ objectiveWeights, outcome: result.outcome });
  }
  const of = ({ outcome }: Omit<SweepPoint, 'onFront'>) =>
    [measures[first](outcome), measures[second](outcome)] as const;
  const beats = (a: readonly [number, number], b: readonly [number, number]): boolean =>
    a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
  return {
    accounting,
    points: points.map((point) => ({
      ...point,
      onFront: !points.some((other) => beats(of(other), of(point))),
    })),
  };
}
