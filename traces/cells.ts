import { z } from 'zod';
import { TraceError } from './traceError';

export const decimal = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)
  .transform(Number);

/** Milliseconds, a common mistake, would lie beyond the year 2100. */
const timestamp = decimal.pipe(
  z
    .int()
    .min(0)
    .max(Date.UTC(2100, 0, 1) / 1000),
);
/** The planner places whole requests/s; the reference's traces hold whole ones. 10 million is beyond any region. */
const requests = decimal.pipe(z.int().min(0).max(10_000_000));
/** Half the Earth's circumference through fibre is 100 ms; 10 s is no network latency. */
const latency = decimal.pipe(z.number().min(0).max(10_000));

/** The dirtiest grids stand at about 1,000 gCO2e/kWh; what is above twice that is a mistake of unit or of measuring. */
export const maxCarbonGramsPerKwh = 2000;

/**
 * No grid that a cloud stands in is below it: what is, is mostly kilograms for grams, and would take all traffic. A value
 * that is right and below is held for missing too, as of live sources.
 */
export const leastCarbonGramsPerKwh = 1;

/** Words that data sources write for a value that they do not have. */
const absent = /^(null|none|nan|na|n\/a|-)?$/i;

export interface CellPlace {
  readonly path: string;
  readonly line: number;
  readonly column: string;
}

export function reader<T>(schema: z.ZodType<T, string>, expected: string, remedy: string) {
  return (text: string, { path, line, column }: CellPlace): T => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    throw new TraceError(`${path}:${line} column ${column}: "${text}", expected ${expected}; ${remedy}`);
  };
}

export const readTimestamp = reader(
  timestamp,
  'Unix seconds before the year 2100',
  'correct the time or remove the row',
);
export const readRequests = reader(
  requests,
  'a whole number of requests/s, 0 or more',
  'correct or round the value',
);
export const readLatency = reader(latency, 'milliseconds from 0 to 10,000', 'correct the value');
const readDecimal = reader(
  decimal,
  'gCO2e/kWh, or an empty cell for a missing value',
  'correct the value or leave the cell empty',
);

/** A value that a source does not have, with the words that say why. */
export interface Missing {
  readonly missing: string;
}

/**
 * Carbon intensity in gCO2e/kWh, or why it is missing: a minimiser that takes an empty, zero or negative cell for a
 * number sends all traffic there.
 */
export function readCarbon(text: string, place: CellPlace): number | Missing {
  const where = `${place.path}:${place.line} column ${place.column}: "${text}"`;
  if (absent.test(text)) return { missing: `${where} is no value` };
  const value = readDecimal(text, place);
  if (value <= 0) return { missing: `${where} is not greater than 0` };
  if (value < leastCarbonGramsPerKwh) {
    return { missing: `${where} is under ${leastCarbonGramsPerKwh} gCO2e/kWh; kilograms?` };
  }
  if (value > maxCarbonGramsPerKwh) return { missing: `${where} is over ${maxCarbonGramsPerKwh} gCO2e/kWh` };
  return value;
}
