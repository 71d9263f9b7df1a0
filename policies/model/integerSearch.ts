import { highs } from './highs';
import { valueOf, type Model, type Values } from './linearModel';
import { unsolvable, type Solution, type Solver } from './solver';

/** Room for the solvers' floating-point arithmetic, on coefficients and right-hand sides near 1. */
const tolerance = 1e-9;

/** A solution, and which solver proved it. */
export type WholeSolution = Solution & { readonly solver: string };

/**
 * When to branch here before HiGHS is asked: a relaxation of a small model takes a tenth of a millisecond, where HiGHS
 * takes five milliseconds for anything. Counted and not timed, so that every machine finds the same answer.
 */
const branching = { maxVariables: 500, maxFractional: 3, maxRelaxations: 12 };

/**
 * The proven optimum of a model with whole numbers. First the relaxation: if its solution can be rounded without
 * costing more, that is the optimum, and mostly it can. Otherwise a few branches; otherwise HiGHS searches.
 * @param rounded makes the whole numbers of a solution whole; need not keep the model's limits
 */
export async function solveWhole(
  model: Model,
  solver: Solver,
  rounded: (values: Values) => Values,
): Promise<WholeSolution> {
  if (solver.name === highs.name) return { ...(await highs.solveWhole(model)), solver: highs.name };
  const isSmall = model.costs.length <= branching.maxVariables;
  let best: { readonly objective: number; readonly values: Values } | null = null;
  const open: Model[] = [model];
  for (let count = 0; count < branching.maxRelaxations; count++) {
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
    const value = relaxed.values[index] ?? NaN;
    const [below, above] = [node.copy(), node.copy()];
    below.restrict({ index }, node.lower[index] ?? 0, Math.floor(value));
    above.restrict({ index }, Math.ceil(value), node.upper[index] ?? Infinity);
    open.push(below, above);
    if (!isSmall || fractional.length > branching.maxFractional) break;
  }
  if (open.length > 0) return { ...(await highs.solveWhole(model)), solver: highs.name };
  // Every branch is closed.
  return best ? { status: 'optimal', ...best, solver: solver.name } : { ...unsolvable, solver: solver.name };
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
