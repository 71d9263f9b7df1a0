import loadHighs from 'highs';
import type { Model } from './linearModel';
import { sum } from './matrix';
import { unsolvable, type IntegerSolver, type Solution } from './solver';

let loaded: ReturnType<typeof loadHighs> | undefined;

/** In small models these heuristics take half of the time and find nothing that the search does not. */
const smallModelOptions = {
  mip_heuristic_run_feasibility_jump: false,
  mip_heuristic_run_rins: false,
  mip_heuristic_run_rens: false,
  mip_heuristic_run_root_reduced_cost: false,
};
const smallVariables = 200;

/** HiGHS as WebAssembly: whole numbers to a proven zero gap, deterministic; some milliseconds for the smallest model. */
export const highs: IntegerSolver = {
  name: 'highs',
  solveRelaxed: (model) => solve(model, false),
  solveWhole: (model) => solve(model, true),
};

async function solve(model: Model, whole: boolean): Promise<Solution> {
  if (model.isContradiction) return unsolvable;
  const { costs, lower, upper, isWhole, rows } = model;
  if (costs.length === 0) return { status: 'optimal', objective: 0, values: [] };
  const library = await (loaded ??= loadHighs());
  const { continuous, integer } = library.constants.variableType;
  const { modelStatus } = library.constants;
  return library.withModel(
    {
      numCols: costs.length,
      numRows: rows.length,
      colCost: Float64Array.from(costs),
      colLower: Float64Array.from(lower),
      colUpper: Float64Array.from(upper),
      rowLower: Float64Array.from(rows, (row) => row.lower),
      rowUpper: Float64Array.from(rows, (row) => row.upper),
      integrality: isWhole.map((value) => (whole && value ? integer : continuous)),
      matrix: matrixOf(model),
    },
    (instance): Solution => {
      instance.options.set({ output_flag: false, mip_rel_gap: 0, mip_abs_gap: 0 });
      if (costs.length <= smallVariables) instance.options.set(smallModelOptions);
      instance.run();
      const status = instance.getModelStatus();
      if (status === modelStatus.infeasible) return unsolvable;
      if (status !== modelStatus.optimal) throw new Error(`HiGHS ended with model status ${status}`);
      const { colValue } = instance.getSolution();
      return {
        status: 'optimal',
        objective: instance.getObjectiveValue(),
        // A value may be a rounding error, or minus zero, below its bound.
        values: lower.map((bound, index) => Math.max(bound, colValue[index] ?? NaN)),
      };
    },
  );
}

/** The rows' coefficients, row after row. */
function matrixOf({ costs, rows }: Model) {
  const entries = sum(rows.map(({ expression }) => expression.length));
  const starts = new Int32Array(rows.length + 1);
  const indices = new Int32Array(entries);
  const values = new Float64Array(entries);
  let next = 0;
  for (const [row, { expression }] of rows.entries()) {
    for (const { variable, coefficient } of expression) {
      indices[next] = variable.index;
      values[next++] = coefficient;
    }
    starts[row + 1] = next;
  }
  return { format: 'csr' as const, numCols: costs.length, numRows: rows.length, starts, indices, values };
}
