import { statSync } from 'node:fs';
import path from 'node:path';
import type { SourceConfigOf } from '../../stack/stackConfig';
import { readCarbon, type Missing } from '../../traces/cells';
import { readCsvFile, type CsvFile } from '../../traces/csvFile';
import { readSeries } from '../../traces/readTrace';
import { readColumnNames, type ColumnNames } from '../../traces/regionNames';
import { isoOf } from '../../traces/time';
import { TraceError } from '../../traces/traceError';
import type { ZoneRefusal } from '../access';
import { SignalError } from '../fault';
import type { Answer, CarbonSource, RawPoint } from '../source';
import type { Surroundings } from '../surroundings';

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;
const weekSeconds = 7 * daySeconds;
/** Hours before and after now that an answer has. */
const hoursBack = 24;
const hoursAhead = 48;

interface Recording {
  readonly file: CsvFile;
  readonly names: ColumnNames;
}

/**
 * carbon_intensities.csv of a trace's folder, as if its hours were those of now. A whole number of weeks lies between the
 * recorded hour and now, so that the hour of the day and the day of the week are the recorded ones; of days, where it is
 * shorter than a week. It begins anew at its end. What is to come is what was recorded, so a plan that looks ahead sees
 * what will be.
 */
export function recorded(config: SourceConfigOf<'recorded'>, { nowMs }: Surroundings): CarbonSource {
  const { name, signal, factors, flowTraced } = config;
  const folder = path.resolve(config.folder);
  const table = path.join(folder, 'carbon_intensities.csv');
  let read: Recording | undefined;
  const recording = (): Recording => (read ??= { file: readCsvFile(table), names: readColumnNames(folder) });

  function latest(zone: string): Promise<Answer> {
    try {
      const { series, first, period } = seriesOf(recording(), zone);
      const grid = first % hourSeconds;
      const hour = Math.floor((nowMs() / 1000 - grid) / hourSeconds) * hourSeconds + grid;
      const points = Array.from({ length: hoursBack + 1 + hoursAhead }, (_, index): RawPoint => {
        const start = hour + (index - hoursBack) * hourSeconds;
        const then = first + modulo(start - first, period);
        const value = series.get(then)?.[0] ?? null;
        return {
          zone,
          start: isoOf(start),
          seconds: hourSeconds,
          value: typeof value === 'number' ? value : null,
          basis: 'recorded',
          tense: start > hour ? 'forecast' : 'actual',
          recorded: isoOf(then),
        };
      });
      return Promise.resolve({ points });
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      return Promise.reject(new SignalError('other shape', `${name}: ${error.message}`));
    }
  }

  function access(): Promise<ZoneRefusal> {
    return Promise.resolve((zone) => {
      try {
        seriesOf(recording(), zone);
        return null;
      } catch (error) {
        if (!(error instanceof TraceError)) throw error;
        return error.message;
      }
    });
  }

  const changedMs = statSync(table, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return {
    name,
    identity: ['recorded', folder, changedMs, signal, factors, flowTraced].join(' '),
    method: { signal, factors, flowTraced },
    gramsPerUnit: 1,
    refreshSeconds: hourSeconds,
    latest,
    access,
  };
}

/**
 * A zone's values by the second that their hours begin, when the first does, and after how long it begins anew.
 * @param zone a column of the table, or a region that zones.csv has a column for
 * @throws TraceError
 */
function seriesOf({ file, names }: Recording, zone: string) {
  const column = file.header.includes(zone) ? zone : (names.get(zone) ?? zone);
  if (!file.header.includes(column)) {
    const columns = file.header.filter((header) => header !== '');
    throw new TraceError(
      `${file.path} has no column "${zone}"; it has: ${columns.join(', ')}. Name one of them as signal.zone of the region`,
    );
  }
  const series = readSeries<number | Missing>(file, [column], readCarbon);
  const starts = [...series.keys()];
  const first = starts.reduce((least, start) => Math.min(least, start), Infinity);
  const last = starts.reduce((most, start) => Math.max(most, start), 0);
  const span = last + hourSeconds - first;
  if (span < daySeconds) {
    throw new TraceError(
      `${file.path} has ${span / hourSeconds} hours; expected a day at least, so that an hour of now has its recorded one`,
    );
  }
  const unit = span < weekSeconds ? daySeconds : weekSeconds;
  return { series, first, period: Math.floor(span / unit) * unit };
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
