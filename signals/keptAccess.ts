import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { keyOf, writeKeptFile } from './keptSignals';
import type { CarbonSource } from './source';

const grantedSchema = z.object({ untilMs: z.number(), zones: z.array(z.string()) });

function fileOf(folder: string, source: Pick<CarbonSource, 'identity'>): string {
  return path.join(folder, `access-${keyOf(source)}.json`);
}

/** Zones that an account was known to may ask for; none where that is too long ago, or cannot be read. */
export function readGranted(
  folder: string,
  source: Pick<CarbonSource, 'identity'>,
  nowMs: number,
): readonly string[] {
  try {
    const { untilMs, zones } = grantedSchema.parse(JSON.parse(readFileSync(fileOf(folder, source), 'utf8')));
    return nowMs < untilMs ? zones : [];
  } catch {
    return [];
  }
}

/** @throws SignalsConfigError where nothing can be kept */
export function writeGranted(
  folder: string,
  source: Pick<CarbonSource, 'identity'>,
  zones: readonly string[],
  untilMs: number,
): void {
  writeKeptFile(fileOf(folder, source), { untilMs, zones });
}
