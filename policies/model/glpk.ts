import type { GLPK, LP } from 'glpk.js/node';
import type { Model } from './linearModel';
import { unsolvable, type Solver } from './solver';

/** glpk.js is an optional package: its licence is the GPL-3.0. */
export class SolverMissingError extends Error {
  override readonly name = 'SolverMissingError';
}

let loading: Promise<GLPK> | undefined;

async function load(): Promise<GLPK> {
  try {
    const { default: loadGlpk } = await import('glpk.js/node');
    return await loadGlpk();
  } catch (cause) {
    throw new SolverMissingError(
      'The package glpk.js cannot be loaded; install it (npm install glpk.js), or plan without it by --solver highs (in a study: solver: highs)',
      { cause },
    );
  }
}

/**
 * GLPK as WebAssembly, for relaxations: a small one takes it a tenth of a millisecond, and the arithmetic is the same
 * on every machine. Its search over whole numbers is not used: it has no limit, and does not end where many placements
 * of servers cost the same.
 */
export const glpk: Solver = {
  name: 'glpk',
  async solveRelaxed(model) {
    if (model.isContradiction) return unsolvable;
    // GLPK aborts on a model without variables.
    if (model.costs.length === 0) return { status: 'optimal', objective: 0, values: [] };
    const library = await (loading ??= load());
    const { result } = library.solve(translate(model, library), {
      msglev: library.GLP_MSG_OFF,
      presol: true,
    });
    if (result.status === library.GLP_OPT) {
      const { vars } = result;
      return {
        status: 'optimal',
        objective: result.z,
        values: model.costs.map((_, index) => vars[nameOf(index)] ?? NaN),
      };
    }
    // GLPK's presolver says "undefined" where it finds that there is no feasible solution.
    if (result.status === library.GLP_NOFEAS || result.status === library.GLP_UNDEF) return unsolvable;
    throw new Error(`GLPK ended with status ${result.status}, which is neither optimal nor infeasible`);
  },
};

/** glpk.js knows variables by name only; numbers make the fastest keys. */
const names: string[] = [];
function nameOf(index: number): string {
  return (names[index] ??= String(index));
}

function translate({ costs, lower, upper, rows }: Model, library: GLPK): LP {
  const boundsOf = (from: number, to: number) => {
    if (to === Infinity) return { type: library.GLP_LO, lb: from, ub: 0 };
    if (from === -Infinity) return { type: library.GLP_UP, lb: 0, ub: to };
    return { type: from === to ? library.GLP_FX : library.GLP_DB, lb: from, ub: to };
  };
  return {
    name: 'placement',
    objective: {
      direction: library.GLP_MIN,
      name: 'cost',
      vars: costs.map((coef, index) => ({ name: nameOf(index), coef })),
    },
    subjectTo: rows.map((row) => ({
      // A row without a name costs glpk.js less.
      name: '',
      vars: row.expression.map(({ variable, coefficient }) => ({
        name: nameOf(variable.index),
        coef: coefficient,
      })),
      bnds: boundsOf(row.lower, row.upper),
    })),
    // glpk.js takes variables without bounds here as 0 or more.
    bounds: costs.flatMap((_, index) => {
      const [from, to] = [lower[index] ?? 0, upper[index] ?? Infinity];
      return from === 0 && to === Infinity ? [] : [{ name: nameOf(index), ...boundsOf(from, to) }];
    }),
  };
}
