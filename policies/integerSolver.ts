import { glpk } from './glpk';
import { highs } from './highs';
import type { LinearModel, LinearSolution, Variable } from './solver';

/** Room for the solvers' floating-point arithmetic, on coefficients and right-hand sides near 1. */
const tolerance = 1e-9;

export interface IntegerSolution extends LinearSolution {
  /** Which solver proved it. */
  readonly solver: string;
}

/**
 * When to branch here before HiGHS is asked: a relaxation of a small model takes a tenth of a millisecond, where HiGHS
 * takes five milliseconds for anything. Counted and not timed, so that every machine finds the same answer.
 */
const branching = { maxVariables: 500, maxFractional: 3, maxRelaxations: 12 };

/**
 * The proven optimum of a model with integer variables. First the relaxation, in GLPK: if its solution can be rounded
 * without costing more, that is the optimum, and mostly it can. Else a few branches; else HiGHS searches.
 * @param rounded makes the integer variables of a solution whole; need not keep the model's limits
 */
export async function solveInteger(
  model: LinearModel,
  rounded: (values: ReadonlyMap<string, number>) => Map<string, number>,
): Promise<IntegerSolution> {
  const isSmall = model.variables.length <= branching.maxVariables;
  let best: IntegerSolution | null = null;
  let milliseconds = 0;
  const open: LinearModel[] = [model];
  for (let count = 0; count < branching.maxRelaxations; count++) {
    const node = open.pop();
    if (!node) break;
    const relaxed = await glpk.solve(node);
    milliseconds += relaxed.milliseconds;
    if (relaxed.status === 'infeasible' || (best && !isBetter(relaxed.objective, best.objective))) continue;
    const fractional = fractionalOf(node, relaxed.values);
    const [mostFractional] = fractional;
    for (const values of [rounded(relaxed.values), ...(mostFractional ? [] : [relaxed.values])]) {
      const objective = objectiveOf(model, values);
      if ((best && objective >= best.objective) || !keepsLimits(model, values)) continue;
      best = { status: 'optimal', objective, values, milliseconds, solver: glpk.name };
    }
    if (!mostFractional || (best && !isBetter(relaxed.objective, best.objective))) continue;
    const { name, lower, upper } = mostFractional;
    const value = relaxed.values.get(name) ?? 0;
    open.push(
      withBounds(node, name, lower ?? 0, Math.floor(value)),
      withBounds(node, name, Math.ceil(value), upper),
    );
    if (!isSmall || fractional.length > branching.maxFractional) break;
  }
  if (open.length === 0) {
    // Every branch is closed.
    const none = { status: 'infeasible' as const, objective: NaN, values: new Map<string, number>() };
    return { ...(best ?? { ...none, solver: glpk.name }), milliseconds };
  }
  const searched = await highs.solve(model);
  return { ...searched, milliseconds: milliseconds + searched.milliseconds, solver: highs.name };
}

function isBetter(bound: number, objective: number): boolean {
  return bound < objective - tolerance * Math.max(1, Math.abs(objective));
}

/** The integer variables whose values are not whole, the furthest from it first. */
function fractionalOf({ variables }: LinearModel, values: ReadonlyMap<string, number>): Variable[] {
  const distanceOf = ({ name }: Variable): number => {
    const value = values.get(name) ?? 0;
    return Math.abs(value - Math.round(value));
  };
  return variables
    .filter((variable) => variable.integer && distanceOf(variable) > 1e-6)
    .sort((a, b) => distanceOf(b) - distanceOf(a));
}

function withBounds(
  { variables, constraints }: LinearModel,
  name: string,
  lower: number,
  upper: number | undefined,
): LinearModel {
  return {
    constraints,
    variables: variables.map((variable) =>
      variable.name === name ? { ...variable, lower, ...(upper === undefined ? {} : { upper }) } : variable,
    ),
  };
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
