import { generateLoad, type LoadOptions } from './generateLoad';
import type { LoadReport } from './generateLoadApart';

/** The process that generateLoadApart starts: its first message is what to send, its second one ends the load. */
async function main(): Promise<void> {
  const stop = new AbortController();
  const options = await new Promise<LoadOptions>((resolve) => {
    process.once('message', (message) => {
      resolve(message as LoadOptions);
      process.once('message', () => {
        stop.abort();
      });
    });
  });
  // Whoever wants the load is gone.
  process.once('disconnect', () => {
    stop.abort();
  });
  const report = await generateLoad({ ...options, signal: stop.signal }).then(
    ({ intervals, endedBySignal, log }): LoadReport => ({ intervals, endedBySignal, log: log.records() }),
    (error: unknown): LoadReport => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(report, () => {
    process.disconnect();
  });
}

void main();
