import { createHash, type Hash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { CellResult } from './cellResult';
import type { StudyCell } from './studyCells';

/** Results of cells by what they were computed from: a file each, in a folder. */
export interface KeptResults {
  readonly find: (cell: StudyCell) => CellResult | null;
  readonly keep: (cell: StudyCell, result: CellResult) => void;
}

/**
 * Results kept in a folder. A result is found again as long as the cell, its data and the program are the same, to the
 * byte.
 * @param program folders of compiled code that results depend on
 */
export function keptResults(folder: string, program: readonly string[]): KeptResults {
  mkdirSync(folder, { recursive: true });
  const ofProgram = digestOf(program);
  const ofData = new Map<string, string>();
  const fileOf = (cell: StudyCell): string => {
    const regionsFile = cell.kind === 'trace' ? cell.regionsFile : undefined;
    const inputs = [cell.folder, ...(regionsFile === undefined ? [] : [regionsFile])];
    const digests = inputs.map((input) => {
      const digest = ofData.get(input) ?? digestOf([input]);
      ofData.set(input, digest);
      return digest;
    });
    const key = createHash('sha256').update(JSON.stringify([cell, digests, ofProgram]));
    return path.join(folder, `${key.digest('hex').slice(0, 32)}.json`);
  };
  return {
    find: (cell) => {
      const file = fileOf(cell);
      return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as CellResult) : null;
    },
    keep: (cell, result) => {
      const file = fileOf(cell);
      // By rename: who is interrupted leaves no half of a file.
      writeFileSync(`${file}.part`, JSON.stringify(result));
      renameSync(`${file}.part`, file);
    },
  };
}

/** Of the contents of files, and of all files in folders. */
function digestOf(paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const one of paths) addTo(hash, one);
  return hash.digest('hex');
}

function addTo(hash: Hash, file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    for (const name of readdirSync(file).sort()) {
      hash.update(name);
      addTo(hash, path.join(file, name));
    }
  } else if (found) hash.update(readFileSync(file));
}
