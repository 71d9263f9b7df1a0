import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Does work in a folder that is gone afterwards. */
export async function inTemporaryFolder(
  name: string,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), `casper-${name}-`));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
