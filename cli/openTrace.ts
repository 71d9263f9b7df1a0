import { readTrace } from '../traces/readTrace';
import { stuckCarbon } from '../traces/stuckCarbon';
import type { Trace } from '../traces/trace';

/**
 * Reads a trace, and says on standard error which regions nothing can be planned for, and whose carbon intensity looks
 * stuck.
 */
export function openTrace(directory: string): Trace {
  const trace = readTrace(directory);
  if (trace.droppedRegions.length > 0) {
    console.error(
      `note: ${trace.droppedRegions.join(', ')} left out: not in all of carbon_intensities.csv, requests.csv and latency.csv of ${directory}`,
    );
  }
  for (const { region, gramsPerKwh, start, hours } of stuckCarbon(trace)) {
    console.error(
      `note: the carbon intensity of ${region} stands at ${gramsPerKwh} gCO2e/kWh for ${hours} h from ${start} in ${directory}: stuck? Where it is, empty those cells`,
    );
  }
  return trace;
}
