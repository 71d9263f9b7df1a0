import { glpk } from './glpk';
import { highs } from './highs';
import type { LinearModel, LinearSolution } from './solver';

/** Room for the solvers' floating-point arithmetic, on coefficients and right-hand sides near 1. */
const tolerance = 1e-9;

export interface IntegerSolution extends LinearSolution {
  /** Which solver proved it. */
  readonly solver: string;
}

/**
 * The proven optimum of a model with integer variables. First the relaxation, in GLPK: if its solution can be rounded
 * without costing more, that is the optimum, and mostly it can. Else HiGHS searches.
 * @param rounded makes the integer variables of a solution whole; need not keep the model's limits
 */
export async function solveInteger(
  model: LinearModel,
  rounded: (values: ReadonlyMap<string, number>) => Map<string, number>,
): Promise<IntegerSolution> {
  const relaxed = await glpk.solve(model);
  if (relaxed.status === 'infeasible') return { ...relaxed, solver: glpk.name };
  const values = rounded(relaxed.values);
  const objective = objectiveOf(model, values);
  if (
    objective <= relaxed.objective + tolerance * Math.max(1, Math.abs(relaxed.objective)) &&
    keepsLimits(model, values)
  ) {
    return { ...relaxed, objective, values, solver: glpk.name };
  }
  const searched = await highs.solve(model);
  return { ...searched, milliseconds: relaxed.milliseconds + searched.milliseconds, solver: highs.name };
}

function objectiveOf({ variables }: LinearModel, values: ReadonlyMap<string, number>): number {
  let objective = 0;
  for (const { name, cost } of variables) objective += cost * (values.get(name) ?? 0);
  return objective;
}

function keepsLimits({ variables, constraints }: LinearModel, values: ReadonlyMap<string, number>): boolean {
  const within = (value: number, lower = -Infinity, upper = Infinity): boolean => {
    const room = tolerance * Math.max(1, Math.abs(value)) * 1000;
    return value >= lower - room && value <= upper + room;
  };
  return (
    variables.every(({ name, lower, upper }) => within(values.get(name) ?? 0, lower ?? 0, upper)) &&
    constraints.every(({ terms, lower, upper }) => {
      let value = 0;
      for (const { variable, coefficient } of terms) value += coefficient * (values.get(variable) ?? 0);
      return within(value, lower, upper);
    })
  );
}
