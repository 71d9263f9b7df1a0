import loadHighs from 'highs';
import type { LinearModel } from '../../../policies/solver';

type Highs = Awaited<ReturnType<typeof loadHighs>>;
let loaded: Promise<Highs> | undefined;

/** A second exact solver, for comparison: the model in CPLEX LP text, all variables integer. */
export async function solveWithHighs(model: LinearModel): Promise<number | 'infeasible'> {
  const highs = await (loaded ??= loadHighs());
  const sum = (terms: readonly (readonly [number, string])[]): string =>
    terms
      .map(([coefficient, variable]) => `${coefficient < 0 ? '-' : '+'} ${Math.abs(coefficient)} ${variable}`)
      .join(' ');
  const rows = model.constraints.flatMap(({ name, terms, lower, upper }) => {
    const left = sum(terms.map(({ coefficient, variable }) => [coefficient, variable] as const));
    return [
      ...(lower === undefined ? [] : [`${name}_l: ${left} >= ${lower}`]),
      ...(upper === undefined ? [] : [`${name}_u: ${left} <= ${upper}`]),
    ];
  });
  const text = [
    'Minimize',
    `obj: ${sum(model.variables.map(({ cost, name }) => [cost, name] as const))}`,
    'Subject To',
    ...rows,
    'Bounds',
    ...model.variables.map(({ name, lower, upper }) => `${lower ?? 0} <= ${name} <= ${upper ?? 1e9}`),
    'General',
    model.variables.map(({ name }) => name).join(' '),
    'End',
  ].join('\n');
  const solution = highs.solve(text, { mip_rel_gap: 0, mip_abs_gap: 0, output_flag: false });
  if (solution.Status === 'Infeasible') return 'infeasible';
  if (solution.Status !== 'Optimal') throw new Error(`HiGHS ended with ${solution.Status}`);
  return solution.ObjectiveValue;
}
