import { StoppedError } from '../driver/stoppedError';
import { textLog, type Log } from './log';
import { onSignals, whatIsLeft } from './onSignals';

/** Whoever reads the output has gone. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError';
  /** As a shell says it of a program that SIGPIPE has ended. */
  readonly exitCode = 141;
}

/** How a command that changes a stack is ended before its end. */
export interface Stopping {
  /** A signal: Pulumi's work under way is cancelled in order. The reason is the error to end with. */
  readonly cancelled: AbortSignal;
  /** A signal, or what else ends the command once the update under way is done; with the error to end with. */
  readonly stopped: AbortSignal;
  readonly stop: (reason: Error) => void;
}

/**
 * A command is ended by signals, and after the update under way where nobody reads its output any more.
 * @param log is told what a signal does
 */
export function stopping(stackName: string, log: Pick<Log, 'note' | 'fault'> = textLog): Stopping {
  const [cancel, end] = [new AbortController(), new AbortController()];
  const stop = (reason: Error): void => {
    end.abort(reason);
  };
  onSignals(
    (name) => {
      log.note(`${name}: what is under way is cancelled in order; another signal ends it at once`);
      const reason = new StoppedError(name);
      cancel.abort(reason);
      stop(reason);
    },
    (name) => {
      log.fault(`ended at once by ${name}: ${whatIsLeft(stackName)}`);
    },
  );
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') return;
    stop(
      new OutputClosedError(
        'whoever read standard output has closed it; ended after the update that was under way',
      ),
    );
  });
  return { cancelled: cancel.signal, stopped: end.signal, stop };
}
