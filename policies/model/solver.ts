import type { Model, Values } from './linearModel';

export type Solution =
  { readonly status: 'optimal'; readonly objective: number; readonly values: Values } | Unsolvable;

export interface Unsolvable {
  readonly status: 'infeasible';
}

export const unsolvable: Unsolvable = { status: 'infeasible' };

/** What the planner asks of a solver. */
export interface Solver {
  readonly name: string;
  /**
   * The optimum, and a vertex, of the model without regard to whole numbers.
   * @throws Error when the solver proves neither an optimum nor that there is none
   */
  solveRelaxed(model: Model): Promise<Solution>;
}

/** A solver that also searches for whole numbers, to a zero gap. */
export interface IntegerSolver extends Solver {
  solveWhole(model: Model): Promise<Solution>;
}

/**
 * The values of a model that has a solution by how it was made.
 * @throws Error when the solver finds none
 */
export function valuesOf(solution: Solution): Values {
  if (solution.status === 'optimal') return solution.values;
  throw new Error('the solver finds no solution of a model that has one');
}
