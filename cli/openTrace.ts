import { readTrace } from '../traces/readTrace';
import type { Trace } from '../traces/trace';

/** Reads a trace, and says on standard error which regions nothing can be planned for. */
export function openTrace(directory: string): Trace {
  const trace = readTrace(directory);
  if (trace.droppedRegions.length > 0) {
    console.error(
      `note: ${trace.droppedRegions.join(', ')} left out: not in all of carbon_intensities.csv, requests.csv and latency.csv of ${directory}`,
    );
  }
  return trace;
}
