import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { leastCarbonGramsPerKwh, maxCarbonGramsPerKwh } from '../traces/cells';
import { faultKinds, SignalsConfigError, type Fault } from './fault';
import type { SignalValue } from './signalValue';
import type { CarbonSource } from './source';

/** How a source was asked last, and what came of it. */
export interface Asking {
  readonly atMs: number;
  /** Until then it is not asked again. */
  readonly untilMs: number;
  /** Start of the newest actual value that the answer gave, or null. */
  readonly newest: string | null;
  readonly faults: readonly Fault[];
}

/** What is known of one zone from one source. */
export interface KeptZone {
  readonly latest: Asking | null;
  readonly forecastAsking: Asking | null;
  /** In the order of time; the last four weeks. */
  readonly actual: readonly SignalValue[];
  readonly forecast: readonly SignalValue[];
}

export const nothingKept: KeptZone = { latest: null, forecastAsking: null, actual: [], forecast: [] };

const asking = z
  .object({
    atMs: z.number(),
    untilMs: z.number(),
    newest: z.string().nullable(),
    faults: z.array(z.object({ kind: z.enum(faultKinds), message: z.string() })),
  })
  .nullable();

const values = z.array(
  z.object({
    zone: z.string(),
    start: z.iso.datetime(),
    seconds: z.number().positive(),
    // Nothing else is written there: what is, a disk or a person has changed.
    gramsPerKwh: z.number().min(leastCarbonGramsPerKwh).max(maxCarbonGramsPerKwh),
    method: z.object({
      signal: z.enum(['average', 'marginal']),
      factors: z.enum(['lifeCycle', 'direct']),
      flowTraced: z.boolean(),
    }),
    basis: z.enum(['measured', 'estimated', 'recorded', 'not said']),
    tense: z.enum(['actual', 'forecast', 'mean']),
    source: z.string(),
    fetchedAt: z.iso.datetime(),
    recorded: z.iso.datetime().exactOptional(),
  }),
);

const keptSchema = z.object({
  version: z.literal(1),
  latest: asking,
  forecastAsking: asking,
  actual: values,
  forecast: values,
});

/** The zone's file: another one for a source that is set up in another way, so that values of two methods never meet. */
function fileOf(folder: string, { identity }: Pick<CarbonSource, 'identity'>, zone: string): string {
  return path.join(folder, `${zone}-${keyOf({ identity })}.json`);
}

/** Tells files of sources apart that are set up in different ways. */
export function keyOf({ identity }: Pick<CarbonSource, 'identity'>): string {
  return createHash('sha256').update(identity).digest('hex').slice(0, 12);
}

/** A file that is not there, or that cannot be read, is as good as none: everything in it can be asked for again. */
export function readKept(folder: string, source: Pick<CarbonSource, 'identity'>, zone: string): KeptZone {
  try {
    const text = readFileSync(fileOf(folder, source, zone), 'utf8');
    const { latest, forecastAsking, actual, forecast } = keptSchema.parse(JSON.parse(text));
    return { latest, forecastAsking, actual, forecast };
  } catch {
    return nothingKept;
  }
}

/**
 * Replaces the zone's file.
 * @throws SignalsConfigError where nothing can be kept: without it a source would be asked more often than it allows
 */
export function writeKept(
  folder: string,
  source: Pick<CarbonSource, 'identity'>,
  zone: string,
  kept: KeptZone,
): void {
  writeKeptFile(fileOf(folder, source, zone), { version: 1, ...kept });
}

/**
 * Replaces a file by rename, so that whoever reads it sees all of the old or all of the new one.
 * @throws SignalsConfigError
 */
export function writeKeptFile(file: string, content: object): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, JSON.stringify(content));
    renameSync(temporary, file);
  } catch (error) {
    throw new SignalsConfigError(
      `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'error'}; signals are kept there, so that a source is asked once a period: set CASPER_CACHE to a folder that can be written`,
    );
  }
}
