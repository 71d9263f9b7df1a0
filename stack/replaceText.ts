import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Gives a file another text: whoever reads it, and the disk after a loss of power, have the old text or the new one. A
 * link stays a link, and the file's mode and owner stay.
 * @param before what was read of it
 * @returns false where the file says something else by now; it is left alone then
 */
export function replaceText(path: string, before: string, after: string): boolean {
  const file = realpathSync(path);
  return withTemporary(file, after, statSync(file).mode & 0o777, (temporary) => {
    keepModeAndOwner(file, temporary);
    if (readFileSync(file, 'utf8') !== before) return false;
    renameSync(temporary, file);
    return true;
  });
}

/**
 * Writes a file that must not be there yet, whole or not at all, and the folders that it is to be in.
 * @returns false where it is there
 */
export function createText(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  return withTemporary(path, text, 0o666, (temporary) => {
    try {
      linkSync(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  });
}

/**
 * Writes a text beside a file, puts it in the file's place, and has both on the disk before it returns.
 * @param mode of the new file, less what umask takes: who may not read the file may not read what is beside it
 */
function withTemporary(
  file: string,
  text: string,
  mode: number,
  putInPlace: (temporary: string) => boolean,
): boolean {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    // One that a process of the same number left behind would keep its own mode.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode, flag: 'wx' });
    syncToDisk(temporary);
    const done = putInPlace(temporary);
    // The name too: the file's own fsync says nothing of the folder.
    if (done) syncToDisk(dirname(file));
    return done;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function syncToDisk(path: string): void {
  const opened = openSync(path, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function keepModeAndOwner(from: string, to: string): void {
  const { mode, uid, gid } = statSync(from);
  const opened = openSync(to, 'r');
  try {
    fchmodSync(opened, mode);
    const own = statSync(to);
    if (own.uid !== uid || own.gid !== gid) fchownSync(opened, uid, gid);
  } catch (error) {
    // Who is not root cannot give a file away.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  } finally {
    closeSync(opened);
  }
}
