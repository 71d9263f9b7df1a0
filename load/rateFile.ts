import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { LoadError } from './loadError';

const rate = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number)
  .pipe(z.number().max(1_000_000));

/**
 * Reads the reference's concurrency.out (carbonfirst/casper, client/): the requests/s of one interval a line.
 * @throws LoadError that names the file, the line, the value and the remedy
 */
export function readRateFile(path: string): number[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new LoadError(`${path} does not exist; name a file with one rate a line, in requests/s`);
  }
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) throw new LoadError(`${path} is empty; expected one rate a line, in requests/s`);
  return lines.map((text, index) => {
    const parsed = rate.safeParse(text.trim());
    if (parsed.success) return parsed.data;
    throw new LoadError(
      `${path}:${index + 1}: "${text}", expected one number of requests/s from 0 to 1,000,000; correct or remove the line`,
    );
  });
}
