import { readStackSettings, setStackValue } from '../stack/stackFile';
import { CalibrationError } from './calibrationError';
import type { ServerCapacity } from './serverCapacity';

/**
 * Writes what a server carries into a region's own capacity in a stack file; all else stays as it is.
 * @returns the requests/s that the file says now
 * @throws CalibrationError where the figure is too uncertain to be written
 */
export function writeCapacity(
  configFile: string,
  region: string,
  { toWrite }: Pick<ServerCapacity, 'toWrite'>,
): number {
  if (toWrite === null) {
    throw new CalibrationError(
      `${region}: the lower end of the interval is below 1 request/s, so nothing was written; take more --rounds or --seconds, or raise cpuMillicoresPerServer`,
    );
  }
  const index = readStackSettings(configFile).regions.findIndex(({ name }) => name === region);
  setStackValue(configFile, {
    keys: ['casper:regions', String(index), 'capacity', 'requestsPerServer'],
    value: toWrite,
  });
  return toWrite;
}
