import { highs } from './highs';
import { valueOf, type Model, type Row, type Values, type Variable } from './linearModel';
import { unsolvable, type Solution, type Solver } from './solver';

/** Room for the solvers' floating-point arithmetic, on coefficients and right-hand sides near 1. */
const tolerance = 1e-9;

/** A solution, and which solver proved it. */
export type WholeSolution = Solution & { readonly solver: string };

/**
 * How much to search here before HiGHS is asked: a relaxation of a small model takes a tenth of a millisecond, where
 * HiGHS takes five milliseconds for anything. Counted and not timed, so that every machine finds the same answer.
 */
const limits = { variables: 500, fractional: 8, relaxations: 20, cutRounds: 8 };

/**
 * The proven optimum of a model with whole numbers. First the relaxation: if its solution can be rounded without
 * costing more, that is the optimum, and mostly it can. Otherwise cuts and a few branches; otherwise HiGHS searches.
 * @param rounded makes the whole numbers of a solution whole; need not keep the model's limits
 * @param cutsFor rows that hold for whole numbers and that a solution violates
 */
export async function solveWhole(
  model: Model,
  solver: Solver,
  rounded: (values: Values) => Values,
  cutsFor: (values: Values) => readonly Row[] = () => [],
): Promise<WholeSolution> {
  if (solver.name === highs.name) return { ...(await highs.solveWhole(model)), solver: highs.name };
  const isSmall = model.costs.length <= limits.variables;
  let best: { readonly objective: number; readonly values: Values } | null = null;
  let cutRounds = 0;
  const open: Model[] = [model];
  for (let relaxations = 0; relaxations < limits.relaxations; relaxations++) {
    const node = open.pop();
    if (!node) break;
    const relaxed = await solver.solveRelaxed(node);
    if (relaxed.status === 'infeasible' || (best && !isBetter(relaxed.objective, best.objective))) continue;
    const fractional = fractionalIn(node, relaxed.values);
    const [index] = fractional;
    for (const values of [rounded(relaxed.values), ...(index === undefined ? [relaxed.values] : [])]) {
      const objective = objectiveOf(model, values);
      if ((best && objective >= best.objective) || !keepsLimits(model, values)) continue;
      best = { objective, values };
    }
    if (index === undefined || (best && !isBetter(relaxed.objective, best.objective))) continue;
    const cuts = isSmall && cutRounds < limits.cutRounds ? cutsFor(relaxed.values) : [];
    if (cuts.length > 0) {
      cutRounds++;
      open.push(withRows(node, cuts));
      continue;
    }
    open.push(...branches(node, { index }, relaxed.values));
    if (!isSmall || fractional.length > limits.fractional) break;
  }
  if (open.length > 0) return { ...(await highs.solveWhole(model)), solver: highs.name };
  // Every branch is closed.
  return best ? { status: 'optimal', ...best, solver: solver.name } : { ...unsolvable, solver: solver.name };
}

function withRows(model: Model, rows: readonly Row[]): Model {
  const tighter = model.copy();
  for (const { lower, expression, upper } of rows) tighter.between(lower, expression, upper);
  return tighter;
}

/** Without the values between the two whole numbers next to a variable's value. */
function branches(model: Model, variable: Variable, values: Values): Model[] {
  const value = valueOf(values, variable);
  const [below, above] = [model.copy(), model.copy()];
  below.restrict(variable, model.lower[variable.index] ?? 0, Math.floor(value));
  above.restrict(variable, Math.ceil(value), model.upper[variable.index] ?? Infinity);
  return [below, above];
}

function isBetter(bound: number, objective: number): boolean {
  return bound < objective - tolerance * Math.max(1, Math.abs(objective));
}

/** The positions of variables that should be whole and are not, the furthest from it first. */
function fractionalIn({ isWhole }: Model, values: Values): number[] {
  const distanceOf = (index: number): number => {
    const value = values[index] ?? NaN;
    return Math.abs(value - Math.round(value));
  };
  const fractional: number[] = [];
  for (const [index, whole] of isWhole.entries()) {
    if (whole && distanceOf(index) > 1e-6) fractional.push(index);
  }
  return fractional.sort((a, b) => distanceOf(b) - distanceOf(a));
}

function objectiveOf({ costs }: Model, values: Values): number {
  let objective = 0;
  for (const [index, cost] of costs.entries()) objective += cost * (values[index] ?? NaN);
  return objective;
}

function keepsLimits({ lower, upper, rows }: Model, values: Values): boolean {
  const within = (value: number, from: number, to: number): boolean => {
    const room = tolerance * Math.max(1, Math.abs(value)) * 1000;
    return value >= from - room && value <= to + room;
  };
  return (
    values.every((value, index) => within(value, lower[index] ?? 0, upper[index] ?? Infinity)) &&
    rows.every((row) => {
      let value = 0;
      for (const { variable, coefficient } of row.expression)
        value += coefficient * valueOf(values, variable);
      return within(value, row.lower, row.upper);
    })
  );
}
