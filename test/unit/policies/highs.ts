import loadHighs from 'highs';
import type { Expression, Model } from '../../../policies/model/linearModel';

type Highs = Awaited<ReturnType<typeof loadHighs>>;
let loaded: Promise<Highs> | undefined;

/** A second exact solver, for comparison: the model in CPLEX LP text, all variables integer. */
export async function solveWithHighs(model: Model): Promise<number | 'infeasible'> {
  if (model.isContradiction) return 'infeasible';
  const highs = await (loaded ??= loadHighs());
  const term = (coefficient: number, index: number): string =>
    `${coefficient < 0 ? '-' : '+'} ${Math.abs(coefficient)} v${index}`;
  const sum = (expression: Expression): string =>
    expression.map(({ variable, coefficient }) => term(coefficient, variable.index)).join(' ');
  const rows = model.rows.flatMap(({ expression, lower, upper }, row) => [
    ...(lower === -Infinity ? [] : [`r${row}_l: ${sum(expression)} >= ${lower}`]),
    ...(upper === Infinity ? [] : [`r${row}_u: ${sum(expression)} <= ${upper}`]),
  ]);
  const text = [
    'Minimize',
    `obj: ${model.costs.map(term).join(' ')}`,
    'Subject To',
    ...rows,
    'Bounds',
    ...model.lower.map(
      (lower, index) => `${lower} <= v${index} <= ${Math.min(model.upper[index] ?? NaN, 1e9)}`,
    ),
    'General',
    model.costs.map((_, index) => `v${index}`).join(' '),
    'End',
  ].join('\n');
  const solution = highs.solve(text, { mip_rel_gap: 0, mip_abs_gap: 0, output_flag: false });
  if (solution.Status === 'Infeasible') return 'infeasible';
  if (solution.Status !== 'Optimal') throw new Error(`HiGHS ended with ${solution.Status}`);
  return solution.ObjectiveValue;
}
