#!/usr/bin/env node
import { Command } from 'commander';
import { InfeasibleError } from '../planning/intervalPlan';
import { applyCommand } from './commands/apply';
import { backtestCommand } from './commands/backtest';
import { explainCommand } from './commands/explain';
import { initCommand } from './commands/init';
import { labCommand } from './commands/lab';
import { loadCommand } from './commands/load';
import { planCommand } from './commands/plan';
import { platformCommand } from './commands/platform';
import { previewCommand } from './commands/preview';
import { runCommand } from './commands/run';
import { verifyCommand } from './commands/verify';
import { simulateCommand } from './commands/simulate';
import { sweepCommand } from './commands/sweep';

const exitCodes = { failure: 1, infeasible: 3 };

const program = new Command('casper')
  .description(
    'Plans where a web service runs and who it serves, by carbon and latency, and makes it so with Pulumi.',
  )
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 3 no placement keeps every limit.')
  .addCommand(planCommand)
  .addCommand(explainCommand)
  .addCommand(simulateCommand)
  .addCommand(sweepCommand)
  .addCommand(backtestCommand)
  .addCommand(platformCommand)
  .addCommand(previewCommand)
  .addCommand(applyCommand)
  .addCommand(runCommand)
  .addCommand(verifyCommand)
  .addCommand(loadCommand)
  .addCommand(initCommand)
  .addCommand(labCommand);

program.parseAsync().catch((error: unknown) => {
  const json = process.argv.includes('--json');
  if (error instanceof InfeasibleError && json) {
    console.log(JSON.stringify({ interval: error.interval, infeasible: error.diagnosis.shortfalls }));
  }
  // Errors meant for people name the thing and the remedy; a stack trace helps only with the ones that nobody foresaw.
  const foreseen = error instanceof Error && error.name !== 'Error' && error.name !== 'TypeError';
  console.error(foreseen ? `casper: ${error.message}` : error);
  process.exitCode = error instanceof InfeasibleError ? exitCodes.infeasible : exitCodes.failure;
});
