/** A linear model, in the order in which the solver is given it; the order is part of how ties are broken. */
export interface LinearModel {
  readonly variables: readonly Variable[];
  readonly constraints: readonly Constraint[];
}

/** Minimised: the sum of `cost` times value. */
export interface Variable {
  readonly name: string;
  readonly cost: number;
  /** Lower bound; 0 when absent. */
  readonly lower?: number;
  /** Upper bound; none when absent. */
  readonly upper?: number;
  readonly integer?: boolean;
}

export interface Term {
  readonly variable: string;
  readonly coefficient: number;
}

/** lower <= sum of coefficient times variable <= upper; a side that is absent does not bind, equal ones make an equation. */
export interface Constraint {
  readonly name: string;
  readonly terms: readonly Term[];
  readonly lower?: number;
  readonly upper?: number;
}

export interface LinearSolution {
  readonly status: 'optimal' | 'infeasible';
  /** NaN when infeasible. */
  readonly objective: number;
  /** By variable name; empty when infeasible. */
  readonly values: ReadonlyMap<string, number>;
  readonly milliseconds: number;
}

/** What policies ask of a solver; one file here stands for each. */
export interface LinearSolver {
  readonly name: string;
  /** @throws Error when the solver neither proves an optimum nor that there is none */
  solve(model: LinearModel): Promise<LinearSolution>;
}
