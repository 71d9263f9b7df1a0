import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Folder of the reference's real data. It is not part of the project; a test that needs it fails without it.
 */
export function wikiTraces(): string {
  const folder = process.env['CASPER_WIKI_TRACES'] ?? path.resolve(__dirname, '../../../shared/traces/wiki');
  if (!existsSync(folder)) {
    throw new Error(
      `This test needs the reference's data, which ${folder} does not hold: clone github.com/carbonfirst/casper ` +
        'and set CASPER_WIKI_TRACES to its folder CAP/dataset/wiki',
    );
  }
  return folder;
}

/** Folder of published experiments to compare with; not part of the project either. */
export function benchmarks(): string {
  const folder = process.env['CASPER_BENCHMARKS'] ?? path.resolve(__dirname, '../../../shared/benchmarks');
  if (existsSync(folder)) return folder;
  throw new Error(
    `This test needs published data, which ${folder} does not hold: clone github.com/umassos/decarbonization-potential ` +
      'and set CASPER_BENCHMARKS to a folder whose eurosys24 has its tables',
  );
}
