import type { Study, TraceExperiment, ZoneExperiment } from './studyFile';
import type { Spread } from './setting';
import { forecastingPolicies } from './studyPolicies';
import { policyNamed } from '../policies/registry';

/** One combination of a study: what is computed at once, alone, and kept. Everything that its result depends on. */
export type StudyCell = TraceCell | ZoneCell;

/** A policy over the hours of a trace. */
export interface TraceCell extends Omit<
  TraceExperiment,
  | 'name'
  | 'about'
  | 'servers'
  | 'boundsMs'
  | 'policies'
  | 'forecasts'
  | 'carbonErrorPercents'
  | 'spreads'
  | 'show'
> {
  readonly servers: number;
  readonly spread: Spread;
  /** ms; null for no bound, and for a policy that keeps none. */
  readonly boundMs: number | null;
  readonly policy: string;
  /** Name of a forecaster; null where the policy sees what it sees by its nature, or is given what will be. */
  readonly forecast: string | null;
  /** Largest error of the carbon intensities that it plans from, in percent; 0 where it plans from no forecasts. */
  readonly carbonErrorPercent: number;
  /** Of those errors; null where there are none. */
  readonly seed: number | null;
}

/** A policy over grid zones, from carbon intensities with errors. */
export interface ZoneCell extends Omit<
  ZoneExperiment,
  'name' | 'about' | 'published' | 'idlePercents' | 'boundsMs' | 'policies' | 'errorPercents'
> {
  readonly idlePercent: number;
  readonly boundMs: number;
  readonly policy: string;
  readonly errorPercent: number;
  readonly seed: number;
}

/** The combinations of an experiment, in the order of its lists; none twice. */
export function cellsOf(
  experiment: TraceExperiment | ZoneExperiment,
  { seed }: Pick<Study, 'seed'>,
): StudyCell[] {
  const cells = experiment.kind === 'trace' ? traceCells(experiment, seed) : zoneCells(experiment, seed);
  return [...new Map(cells.map((cell) => [JSON.stringify(cell), cell])).values()];
}

function traceCells(experiment: TraceExperiment, seed: number): TraceCell[] {
  const { kind, folder, from, to, regions, regionsFile, requestsPerServer, alpha } = experiment;
  const { demandQuantile, learnFromWeeks, leastViolation, solver } = experiment;
  const { intensity, alsoBy, accounting } = experiment;
  const { horizonIntervals, switchingGrams, minResidenceIntervals } = experiment;
  const same = {
    ...{ kind, folder, from, to, regions, regionsFile, requestsPerServer, alpha },
    ...{ demandQuantile, learnFromWeeks, leastViolation, solver, intensity, alsoBy, accounting },
    ...{ horizonIntervals, switchingGrams, minResidenceIntervals },
  };
  return experiment.spreads.flatMap((spread) =>
    experiment.servers.flatMap((servers) =>
      experiment.boundsMs.flatMap((bound) =>
        experiment.policies.flatMap((policy) => {
          const boundMs = bound === 'none' || !keepsBound(policy) ? null : bound;
          const forecasts = forecastingPolicies.has(policy);
          const known = forecasts ? experiment.forecasts : ['perfect'];
          return known.flatMap((name) =>
            (forecasts ? experiment.carbonErrorPercents : [0]).map((carbonErrorPercent): TraceCell => {
              const forecast = name === 'perfect' ? null : name;
              const errors = { carbonErrorPercent, seed: carbonErrorPercent === 0 ? null : seed };
              return { ...same, spread, servers, boundMs, policy, forecast, ...errors };
            }),
          );
        }),
      ),
    ),
  );
}

/** Whether a policy looks at the latency bound. */
export function keepsBound(policy: string): boolean {
  return policy === 'static-learnt' || policyNamed(policy, { alpha: 1 }).bounded;
}

function zoneCells(experiment: ZoneExperiment, seed: number): ZoneCell[] {
  const { kind, folder, year, carbonNames, errors, draws, solver } = experiment;
  const same = { kind, folder, year, carbonNames, errors, draws, solver, seed };
  return experiment.idlePercents.flatMap((idlePercent) =>
    experiment.boundsMs.flatMap((boundMs) =>
      experiment.errorPercents.flatMap((errorPercent) =>
        experiment.policies.map((policy) => ({ ...same, idlePercent, errorPercent, boundMs, policy })),
      ),
    ),
  );
}
