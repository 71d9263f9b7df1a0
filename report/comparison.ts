import { describeInfeasible } from '../planning/infeasibleError';
import { baselines, gramsOf, type Simulation } from '../study/simulation';

/** A run's policy or a baseline over the run's intervals, in the form that records keep. */
export interface ComparedPolicy {
  readonly policy: string;
  /** Why there is no plan of it; null where there is one, and the figures below are known. */
  readonly infeasible: string | null;
  readonly carbonKg: number | null;
  readonly meanLatencyMs: number | null;
  readonly servers: number | null;
  /** Share of carbon that the policy saves against each baseline, by its name. */
  readonly savedAgainst: Readonly<Record<string, number>>;
}

/** What savings are stated against: all of the baselines, over the same intervals. */
export interface Comparison {
  readonly baselines: readonly string[];
  /** Whether the trace is generated and not measured. */
  readonly synthetic: boolean;
  readonly policies: readonly ComparedPolicy[];
}

/** The figures of a simulation that a report shows; pure. */
export function comparisonOf({ synthetic, results }: Simulation): Comparison {
  return {
    baselines,
    synthetic,
    policies: results.map((result) => {
      if ('infeasible' in result) {
        return {
          policy: result.policy,
          infeasible: describeInfeasible(result.interval, result.infeasible),
          ...{ carbonKg: null, meanLatencyMs: null, servers: null, savedAgainst: {} },
        };
      }
      const { policy, outcome, savedAgainst } = result;
      return {
        policy,
        infeasible: null,
        carbonKg: gramsOf(result) / 1000,
        meanLatencyMs: outcome.meanLatencyMs,
        servers: outcome.servers,
        savedAgainst,
      };
    }),
  };
}
