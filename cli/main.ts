#!/usr/bin/env node
import { Command } from 'commander';
import { InfeasibleError } from '../planning/intervalPlan';
import { applyCommand } from './applyCommand';
import { backtestCommand } from './backtestCommand';
import { explainCommand } from './explainCommand';
import { initCommand } from './initCommand';
import { labCommand } from './labCommand';
import { loadCommand } from './loadCommand';
import { planCommand } from './planCommand';
import { platformCommand } from './platformCommand';
import { previewCommand } from './previewCommand';
import { runCommand } from './runCommand';
import { verifyCommand } from './verifyCommand';
import { simulateCommand } from './simulateCommand';
import { sweepCommand } from './sweepCommand';

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
