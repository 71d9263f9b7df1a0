import { carbon } from './carbon';
import { horizon } from './horizon';
import { latency } from './latency';
import { leastViolation } from './leastViolation';
import { solvers, type SolverName } from './model/solvers';
import { oracle } from './oracle';
import type { ObjectiveWeights, Policy } from './problem';
import { replay } from './replay';
import { staticPolicy } from './static';
import { weighted } from './weighted';

/** What policies can be told; each takes what it knows. */
export interface PolicyOptions {
  /** Weight of carbon against the number of servers, 0 to 1. */
  readonly alpha: number;
  /** For `weighted`. */
  readonly objectiveWeights?: ObjectiveWeights;
  /** GLPK when absent. */
  readonly solver?: SolverName;
}

/** A policy name that no file in this folder stands for. */
export class UnknownPolicyError extends Error {
  override readonly name = 'UnknownPolicyError';
}

/** @throws UnknownPolicyError */
export function policyNamed(name: string, options: PolicyOptions): Policy {
  const make = factories.get(name);
  if (make) return make(options);
  throw new UnknownPolicyError(
    `Unknown policy ${name}; expected one of: ${[...factories.keys()].join(', ')}`,
  );
}

type Factory = (options: PolicyOptions) => Policy;

const factories = new Map<string, Factory>([
  ['carbon', (options) => carbon(withSolver(options))],
  ['latency', (options) => latency(withSolver(options))],
  ['replay', replay],
  ['weighted', (options) => weighted(withSolver(options))],
  ['horizon', (options) => horizon(withSolver(options))],
  ['static', (options) => staticPolicy(withSolver(options))],
  ['oracle', (options) => oracle(withSolver(options))],
  ['leastViolation', (options) => leastViolation(withSolver(options))],
]);

function withSolver({ solver, ...options }: PolicyOptions) {
  return { ...options, solver: solvers[solver ?? 'glpk'] };
}
