import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Adds text to a file, all or nothing: it is on the disk when this returns, with the file's name where that is new. What
 * a full disk has taken of it is cut off again, so that the next text does not follow on half a line.
 */
export function appendDurably(file: string, text: string): void {
  const opened = openSync(file, 'a');
  try {
    const before = fstatSync(opened).size;
    try {
      writeFileSync(opened, text);
      fsyncSync(opened);
    } catch (error) {
      ftruncateSync(opened, before);
      throw error;
    }
    if (before === 0) syncFolder(path.dirname(file));
  } finally {
    closeSync(opened);
  }
}

function syncFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
