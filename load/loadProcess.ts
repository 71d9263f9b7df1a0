import { generateLoad, type IntervalLoad, type LoadOptions } from './generateLoad';
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
  const tell = (report: LoadReport, then = (): void => undefined): void => {
    process.send?.(report, then);
  };
  const onInterval = (interval: IntervalLoad): void => {
    tell({ interval });
  };
  const report = await generateLoad({ ...options, onInterval, signal: stop.signal }).then(
    ({ log, ...result }): LoadReport => ({ result: { ...result, log: log.records() } }),
    (error: unknown): LoadReport => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  tell(report, () => {
    if (process.connected) process.disconnect();
  });
}

void main();
