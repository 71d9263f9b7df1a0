import loadGlpk, { type GLPK, type LP } from 'glpk.js/node';
import type { Constraint, LinearModel, LinearSolver } from './solver';

let loaded: Promise<GLPK> | undefined;

/** GLPK as WebAssembly: exact to a zero gap, and the same arithmetic on every machine. */
export const glpk: LinearSolver = {
  name: 'glpk',
  async solve(model) {
    const library = await (loaded ??= loadGlpk());
    const { result, time } = library.solve(translate(model, library), {
      msglev: library.GLP_MSG_OFF,
      presol: true,
    });
    const milliseconds = time * 1000;
    if (result.status === library.GLP_OPT) {
      return { status: 'optimal', values: new Map(Object.entries(result.vars)), milliseconds };
    }
    // The presolver says "undefined" where it found that there is no feasible solution.
    if (result.status === library.GLP_NOFEAS || result.status === library.GLP_UNDEF) {
      return { status: 'infeasible', values: new Map(), milliseconds };
    }
    throw new Error(`GLPK ended with status ${result.status}, which is neither optimal nor infeasible`);
  },
};

function translate(model: LinearModel, library: GLPK): LP {
  const bounds = ({ lower, upper }: Pick<Constraint, 'lower' | 'upper'>) => {
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
    subjectTo: model.constraints.map((constraint) => ({
      name: constraint.name,
      vars: constraint.terms.map(({ variable, coefficient }) => ({ name: variable, coef: coefficient })),
      bnds: bounds(constraint),
    })),
    bounds: model.variables
      .filter(({ upper }) => upper !== undefined)
      .map(({ name, upper }) => ({
        name,
        ...bounds({ lower: 0, ...(upper === undefined ? {} : { upper }) }),
      })),
    generals: model.variables.filter(({ integer }) => integer).map(({ name }) => name),
  };
}
