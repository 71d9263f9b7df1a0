import { glpk } from './glpk';
import { highs } from './highs';
import type { Solver } from './solver';

/** The solvers that relaxations can be given to, by the name that commands know them by. */
export const solvers = { glpk, highs } satisfies Readonly<Record<string, Solver>>;

export type SolverName = keyof typeof solvers;
