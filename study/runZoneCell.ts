import { uniformCapacity } from '../planning/regionCapacity';
import { carbon } from '../policies/carbon';
import { at, loadsOf, sum } from '../policies/model/matrix';
import { solvers } from '../policies/model/solvers';
import type { Decision, Infeasible, PlacementProblem } from '../policies/problem';
import { readZones } from '../traces/readZones';
import { errorFactor, uniformErrors } from './carbonErrors';
import { greedyPlacement } from './greedyPlacement';
import { notMeasured, type CellResult } from './cellResult';
import { describeInfeasible } from '../planning/infeasibleError';
import type { ZoneCell } from './studyCells';
import { studyWords } from './studyRemedies';

/** Units of work that a zone can do: the artefact counts in percent of a zone's capacity. */
const capacityPerZone = 100;
/** The artefact's sizes of errors, of which each multiplies those before it. */
const compoundedStepPercent = 10;

/** @throws TraceError */
export async function runZoneCell(cell: ZoneCell): Promise<CellResult> {
  const { names, carbonGramsPerKwh, latencyMs } = readZones(cell.folder, cell.year, cell.carbonNames);
  const work = Math.round(capacityPerZone * (1 - cell.idlePercent / 100));
  const problem: PlacementProblem = {
    regions: names,
    requestsPerSecond: names.map(() => work),
    carbonGramsPerKwh,
    latencyMs,
    capacity: uniformCapacity(names, { requestsPerServer: 1, maxServersPerRegion: capacityPerZone }),
    maxLatencyMs: cell.boundMs,
  };
  const draws = cell.errorPercent === 0 ? 1 : cell.draws;
  const uniform = uniformErrors(cell.seed);
  let total = 0;
  for (let draw = 0; draw < draws; draw++) {
    const believed = carbonGramsPerKwh.map((grams) => grams * factorOf(cell, uniform));
    const placement = await place(cell, { ...problem, carbonGramsPerKwh: believed });
    if ('shortfalls' in placement)
      return notMeasured(describeInfeasible(String(cell.year), placement, studyWords.limits));
    const grams = loadsOf(placement.requests).map((load, zone) => load * at(carbonGramsPerKwh, zone));
    total += sum(grams) / (work * names.length);
  }
  return { kind: 'zones', zones: names.length, draws, gramsPerKwh: total / draws };
}

function place({ policy, solver }: ZoneCell, problem: PlacementProblem): Promise<Decision | Infeasible> {
  if (policy === 'greedy') return Promise.resolve(greedyPlacement(problem));
  return carbon({ alpha: 1, solver: solvers[solver] }).place(problem);
}

function factorOf({ errors, errorPercent }: ZoneCell, uniform: () => number): number {
  if (errors === 'independent') return errorFactor(errorPercent, uniform);
  let factor = 1;
  for (let percent = compoundedStepPercent; percent <= errorPercent; percent += compoundedStepPercent) {
    factor *= errorFactor(percent, uniform);
  }
  return factor;
}
