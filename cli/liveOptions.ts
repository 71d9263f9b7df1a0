import type { Command } from 'commander';
import { defaultDemandQuantile, demandQuantile } from './options';

/** What `tick` and `run --live` are told besides the stack file. */
export interface LiveFlags {
  traces: string;
  forecast?: string;
  demandQuantile: number | null;
}

export function withLiveForecastOptions(command: Command): Command {
  return command
    .option(
      '--forecast <name>',
      'live: plan for the demand that is forecast from what Prometheus has of the past, and for what is measured where that is more: naive-day, naive-week, holt-winters, regression or combined',
    )
    .option(
      '--demand-quantile <share>',
      'with --forecast: share of hours in which no more requests come than are planned for, or "none"',
      demandQuantile,
      defaultDemandQuantile,
    );
}
