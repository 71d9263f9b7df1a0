import { Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { describeInfeasible } from '../../planning/infeasibleError';
import type { HeldReady } from '../../stack/stackConfig';
import type { Forecaster } from '../../study/forecast/forecaster';
import { forecasterNamed } from '../../study/forecast/forecasters';
import { simulate, type Simulation, type SimulationResult } from '../../study/simulation';
import { openTrace } from '../openTrace';
import {
  decideOptionsOf,
  defaultDemandQuantile,
  demandQuantile,
  heldReadyLevelsOf,
  latencyBound,
  names,
  sharedOptionsOf,
  withCapacityOptions,
  withObjectiveOptions,
  withSwitchingOptions,
  type CapacityFlags,
  type PlanFlags,
  type SwitchingFlags,
} from '../options';
import { sampleTraces } from '../project';
import { renderSimulation } from '../render/simulation';

interface Flags
  extends
    Omit<PlanFlags, 'policy' | 'maxLatency' | 'heldReady'>,
    SwitchingFlags,
    Omit<CapacityFlags, 'heldReady'> {
  traces: string;
  from?: string;
  to?: string;
  policies: string[];
  maxLatency: number[];
  heldReady: HeldReady[];
  forecast?: Forecaster;
  demandQuantile: number | null;
  json?: true;
  csv?: true;
}

export const simulateCommand = withSwitchingOptions(
  withCapacityOptions(
    withObjectiveOptions(
      new Command('simulate')
        .description('Compare policies side by side over a range of a trace. Changes nothing.')
        .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
        .option('--from <time>', "start of the first interval, ISO 8601 in UTC (default: the trace's first)")
        .option('--to <time>', 'start of the first interval left out (default: the end of the trace)')
        .option('--policies <names>', 'placement policies, with commas', names, [
          'carbon',
          'latency',
          'replay',
          'static',
          'oracle',
        ])
        .option(
          '--max-latency <ms>',
          'latency bounds with commas, each in ms or "none"',
          (text) => names(text).map(latencyBound),
          [500],
        )
        .option(
          '--held-ready <levels>',
          'what is held ready for the loss of a region, with commas: none, limit or servers',
          heldReadyLevelsOf,
          ['none'],
        )
        .option(
          '--forecast <name>',
          'plan from forecasts, not from what will be: naive-day, naive-week, holt-winters or regression',
          forecasterNamed,
        )
        .option(
          '--demand-quantile <share>',
          'with --forecast: share of hours in which no more requests come than are planned for, or "none"',
          demandQuantile,
          defaultDemandQuantile,
        ),
    ),
  ),
)
  .addOption(new Option('--json', 'print one JSON object').conflicts('csv'))
  .option('--csv', 'print CSV, one row a policy and bound')
  .action(
    async ({
      traces,
      from,
      to,
      policies,
      maxLatency,
      heldReady,
      forecast,
      demandQuantile: quantile,
      json,
      csv,
      ...flags
    }: Flags) => {
      const trace = openTrace(traces);
      const simulation = await simulate(trace, {
        ...sharedOptionsOf(flags, trace.regions),
        ...decideOptionsOf(flags),
        policies,
        maxLatenciesMs: maxLatency,
        heldReadyLevels: heldReady,
        ...(forecast && { forecast: { forecaster: forecast, demandQuantile: quantile } }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      if (json) console.log(JSON.stringify(simulation));
      else if (csv) process.stdout.write(csvOf(simulation));
      else console.log(renderSimulation(simulation));
      if (simulation.results.some((result) => 'infeasible' in result)) process.exitCode = 3;
    },
  );

function csvOf({ from, to, synthetic, accounting, results }: Simulation): string {
  const rows = results.map((result) => ({ from, to, synthetic, ...flat(result), accounting }));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return stringify(rows, { header: true, columns, cast: { boolean: String } });
}

function flat(result: SimulationResult): Record<string, string | number | null> {
  const { policy, maxLatencyMs, heldReady } = result;
  if ('infeasible' in result) {
    return {
      policy,
      maxLatencyMs,
      heldReady,
      infeasible: describeInfeasible(result.interval, result.infeasible),
    };
  }
  const { outcome, standbyServers } = result;
  const row: Record<string, string | number | null> = {
    policy,
    maxLatencyMs,
    heldReady,
    ...outcome,
    standbyServers,
  };
  for (const [name, share] of Object.entries(result.savedAgainst)) row[`savedAgainst_${name}`] = share;
  row['overOracle'] = result.overOracle ?? null;
  row['brokenIntervals'] = result.brokenIntervals;
  return row;
}
