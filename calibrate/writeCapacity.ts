import { readStackSettings, setStackValue } from '../stack/stackFile';
import { CalibrationError } from './calibrationError';
import type { ServerCapacity } from './serverCapacity';

/**
 * Writes what a server carries into a region's own capacity in a stack file; all else stays as it is.
 * @returns what the file says now, key by key
 * @throws CalibrationError where the figure is too uncertain to be written
 */
export function writeCapacity(
  configFile: string,
  region: string,
  { toWrite }: Pick<ServerCapacity, 'toWrite'>,
): string {
  if (toWrite === null) {
    throw new CalibrationError(
      `${region}: the lower end of the interval is below 1 request/s, so nothing was written; take more --rounds or --seconds, or raise cpuMillicoresPerServer`,
    );
  }
  const index = readStackSettings(configFile).regions.findIndex(({ name }) => name === region);
  for (const [key, value] of Object.entries(toWrite)) {
    setStackValue(configFile, { keys: ['casper:regions', String(index), 'capacity', key], value });
  }
  return Object.entries(toWrite)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
}
