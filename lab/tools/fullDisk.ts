import { LabError } from '../labError';

/** The message about a disk that is full, for whoever found it so. */
export function fullDiskMessage(where: string): string {
  return (
    `the disk is full: ${where} could not be written. The lab's tools take some 10 GB while they are built. Free as ` +
    'much, or put the folders elsewhere (CASPER_CACHE for the tools, GOCACHE, GOMODCACHE and GOTMPDIR for what Go ' +
    'keeps), and run the same again: what is built stays built'
  );
}

/**
 * Does work that writes into a folder.
 * @throws LabError where the disk is full
 */
export async function writingInto<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw new LabError(fullDiskMessage(path ?? folder), { cause: error });
    throw error;
  }
}
