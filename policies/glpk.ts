import loadGlpk, { type GLPK, type LP } from 'glpk.js/node';
import type { LinearModel, LinearSolver } from './solver';

let loaded: Promise<GLPK> | undefined;

/**
 * GLPK as WebAssembly, for models without regard to `integer`: a small one takes it a tenth of a millisecond, and the
 * arithmetic is the same on every machine. Its search over integers is not used: it has no bound that would end it
 * among servers that cost the same.
 */
export const glpk: LinearSolver = {
  name: 'glpk',
  async solve(model) {
    // GLPK aborts on a model without variables.
    if (model.variables.length === 0) {
      return { status: 'optimal', objective: 0, values: new Map(), milliseconds: 0 };
    }
    const library = await (loaded ??= loadGlpk());
    const { result, time } = library.solve(translate(model, library), {
      msglev: library.GLP_MSG_OFF,
      presol: true,
    });
    const milliseconds = time * 1000;
    if (result.status === library.GLP_OPT) {
      return {
        status: 'optimal',
        objective: result.z,
        values: new Map(Object.entries(result.vars)),
        milliseconds,
      };
    }
    // The presolver says "undefined" where it found that there is no feasible solution.
    if (result.status === library.GLP_NOFEAS || result.status === library.GLP_UNDEF) {
      return { status: 'infeasible', objective: NaN, values: new Map(), milliseconds };
    }
    throw new Error(`GLPK ended with status ${result.status}, which is neither optimal nor infeasible`);
  },
};

function translate(model: LinearModel, library: GLPK): LP {
  const bounds = (lower: number | undefined, upper: number | undefined) => {
    const values = { lb: lower ?? 0, ub: upper ?? 0 };
    if (lower !== undefined && upper !== undefined) {
      return { type: lower === upper ? library.GLP_FX : library.GLP_DB, ...values };
    }
    return { type: lower !== undefined ? library.GLP_LO : library.GLP_UP, ...values };
  };
  return {
    name: 'placement',
    objective: {
      direction: library.GLP_MIN,
      name: 'cost',
      vars: model.variables.map(({ name, cost }) => ({ name, coef: cost })),
    },
    subjectTo: model.constraints.map(({ name, terms, lower, upper }) => ({
      name,
      vars: terms.map(({ variable, coefficient }) => ({ name: variable, coef: coefficient })),
      bnds: bounds(lower, upper),
    })),
    bounds: model.variables
      .filter(({ lower, upper }) => lower !== undefined || upper !== undefined)
      .map(({ name, lower, upper }) => ({ name, ...bounds(lower ?? 0, upper) })),
  };
}
