import loadHighs from 'highs';
import { sum } from './arrays';
import type { LinearSolver } from './solver';

let loaded: ReturnType<typeof loadHighs> | undefined;

/** In small models these heuristics take half of the time and find nothing that the search does not. */
const smallModelOptions = {
  mip_heuristic_run_feasibility_jump: false,
  mip_heuristic_run_rins: false,
  mip_heuristic_run_rens: false,
  mip_heuristic_run_root_reduced_cost: false,
};
const smallVariables = 200;

/** HiGHS as WebAssembly: integer models to a proven zero gap, deterministic; some milliseconds for the smallest one. */
export const highs: LinearSolver = {
  name: 'highs',
  async solve({ variables, constraints }) {
    const library = await (loaded ??= loadHighs());
    const columnOf = new Map(variables.map(({ name }, index) => [name, index]));
    const entries = sum(constraints.map(({ terms }) => terms.length));
    const starts = new Int32Array(constraints.length + 1);
    const indices = new Int32Array(entries);
    const values = new Float64Array(entries);
    let next = 0;
    for (const [row, { terms }] of constraints.entries()) {
      for (const { variable, coefficient } of terms) {
        indices[next] = columnOf.get(variable) ?? -1;
        values[next++] = coefficient;
      }
      starts[row + 1] = next;
    }
    const { continuous, integer } = library.constants.variableType;
    const { modelStatus } = library.constants;
    return library.withModel(
      {
        numCols: variables.length,
        numRows: constraints.length,
        colCost: Float64Array.from(variables, ({ cost }) => cost),
        colLower: Float64Array.from(variables, ({ lower }) => lower ?? 0),
        colUpper: Float64Array.from(variables, ({ upper }) => upper ?? Infinity),
        rowLower: Float64Array.from(constraints, ({ lower }) => lower ?? -Infinity),
        rowUpper: Float64Array.from(constraints, ({ upper }) => upper ?? Infinity),
        integrality: variables.map((variable) => (variable.integer ? integer : continuous)),
        matrix: {
          format: 'csr',
          numCols: variables.length,
          numRows: constraints.length,
          starts,
          indices,
          values,
        },
      },
      (model) => {
        model.options.set({
          output_flag: false,
          mip_rel_gap: 0,
          mip_abs_gap: 0,
        });
        if (variables.length <= smallVariables) model.options.set(smallModelOptions);
        model.run();
        const status = model.getModelStatus();
        const milliseconds = model.getRunTime() * 1000;
        if (status === modelStatus.infeasible) {
          return { status: 'infeasible' as const, objective: NaN, values: new Map(), milliseconds };
        }
        if (status !== modelStatus.optimal) throw new Error(`HiGHS ended with model status ${status}`);
        const { colValue } = model.getSolution();
        return {
          status: 'optimal' as const,
          objective: model.getObjectiveValue(),
          // A value may be a rounding error, or minus zero, below its bound.
          values: new Map(
            variables.map(({ name, lower }, index) => [name, Math.max(lower ?? 0, colValue[index] ?? NaN)]),
          ),
          milliseconds,
        };
      },
    );
  },
};
