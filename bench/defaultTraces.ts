import { existsSync } from 'node:fs';
import path from 'node:path';

const project = path.resolve(__dirname, '..', '..');

/** The reference's data set where it is at hand, otherwise the synthetic sample. */
export function defaultTraces(): string {
  const named = process.env['CASPER_WIKI_TRACES'];
  if (named) return named;
  const beside = path.join(project, '..', 'shared', 'traces', 'wiki');
  return existsSync(beside) ? beside : path.join(project, 'traces', 'sample');
}
