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
