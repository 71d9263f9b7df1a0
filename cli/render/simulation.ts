import { describeInfeasible } from '../../planning/infeasibleError';
import { baselines, gramsOf, type Simulation, type SimulationResult } from '../../study/simulation';
import { table } from './render';

/** Policies side by side as people read them; what saves is stated against every baseline that was simulated. */
export function renderSimulation({ from, to, synthetic, accounting, results }: Simulation): string {
  const shown = baselines.filter((name) => results.some(({ policy }) => policy === name));
  const withLevels = results.some(({ heldReady }) => heldReady !== 'none');
  const withOracle = results.some(({ policy }) => policy === 'oracle');
  const faults = results.flatMap((result) => ('infeasible' in result ? [result] : []));
  return [
    `${from} to ${to}${synthetic ? ', SYNTHETIC trace' : ''}`,
    accounting,
    table(
      [
        'policy',
        'bound ms',
        ...(withLevels ? ['held ready'] : []),
        'kg CO2e',
        'kWh',
        'cost',
        'mean ms',
        'p95 ms',
        'servers',
        ...(withLevels ? ['standby'] : []),
        'changes',
        'overload min',
        'broken',
        ...(withOracle ? ['over oracle'] : []),
        ...shown.map((name) => `saved vs ${name}`),
      ],
      results.map((result) => row(result, { shown, withLevels, withOracle })),
    ),
    ...faults.map(
      ({ policy, maxLatencyMs, interval, infeasible }) =>
        `${policy} within ${maxLatencyMs ?? 'any'} ms: ${describeInfeasible(interval, infeasible)}`,
    ),
  ].join('\n');
}

interface Columns {
  /** Baselines that savings are stated against. */
  readonly shown: readonly string[];
  readonly withLevels: boolean;
  readonly withOracle: boolean;
}

function row(result: SimulationResult, { shown, withLevels, withOracle }: Columns): (string | number)[] {
  const bound = result.maxLatencyMs ?? 'none';
  const level = withLevels ? [result.heldReady] : [];
  if ('infeasible' in result) {
    return [
      result.policy,
      bound,
      ...level,
      'infeasible',
      ...Array.from({ length: 8 + Number(withLevels) + Number(withOracle) + shown.length }, () => ''),
    ];
  }
  const { outcome, savedAgainst } = result;
  return [
    result.policy,
    bound,
    ...level,
    (gramsOf(result) / 1000).toFixed(2),
    outcome.energyKwh.toFixed(2),
    outcome.cost.toFixed(2),
    outcome.meanLatencyMs?.toFixed(2) ?? '-',
    outcome.p95LatencyMs?.toFixed(1) ?? '-',
    outcome.servers,
    ...(withLevels ? [result.standbyServers] : []),
    outcome.serverChanges,
    outcome.overloadMinutes,
    result.brokenIntervals,
    ...(withOracle
      ? [result.overOracle === undefined ? '' : `${(result.overOracle * 100).toFixed(1)} %`]
      : []),
    ...shown.map((name) => {
      const saved = savedAgainst[name];
      return saved === undefined ? '' : `${(saved * 100).toFixed(1)} %`;
    }),
  ];
}
