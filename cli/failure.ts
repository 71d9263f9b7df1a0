import { InfeasibleError } from '../planning/infeasibleError';

const exitCodes = { failure: 1, infeasible: 3 };

/** Says why a command failed, and sets the exit code. */
export function reportFailure(error: unknown, tell: (error: unknown) => void = tellFailure): void {
  if (error instanceof InfeasibleError && process.argv.includes('--json')) {
    console.log(JSON.stringify({ interval: error.interval, infeasible: error.diagnosis.shortfalls }));
  }
  tell(error);
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof InfeasibleError) return exitCodes.infeasible;
  // One that was ended by a signal, or whose output was closed, says so as others do.
  const own = error instanceof Error && 'exitCode' in error ? error.exitCode : undefined;
  return typeof own === 'number' ? own : exitCodes.failure;
}

/** Errors meant for people name the thing and the remedy; a stack trace helps only with the ones that nobody foresaw. */
export function tellFailure(error: unknown): void {
  const foreseen = error instanceof Error && error.name !== 'Error' && error.name !== 'TypeError';
  console.error(foreseen ? `casper: ${error.message}` : error);
}
