import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** A disk of a few megabytes, in memory, below the lab's folder: whoever takes the lab down unmounts it. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  static async mounted(folder: string, megabytes: number): Promise<SmallDisk> {
    mkdirSync(folder, { recursive: true });
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
    return new SmallDisk(folder);
  }

  private get ballast(): string {
    return path.join(this.folder, 'ballast');
  }

  /** Leaves no byte free. */
  fill(): void {
    const file = openSync(this.ballast, 'w');
    try {
      for (const size of [1 << 20, 1 << 12]) {
        const zeros = Buffer.alloc(size);
        // Ends by the disk's being full.
        for (;;) if (!wrote(file, zeros)) break;
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Makes room again. */
  empty(): void {
    rmSync(this.ballast, { force: true });
  }

  /**
   * Lets nobody write, or again. While a file is open for writing the kernel refuses it.
   * @throws Error where it does so for seconds
   */
  async remount(as: 'ro' | 'rw'): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { failed, stderr } = await execa('mount', ['-o', `remount,${as}`, this.folder], {
        reject: false,
      });
      if (!failed) return;
      if (attempt === 100) throw new Error(`${this.folder} cannot be mounted ${as}: ${stderr}`);
      await sleep(50);
    }
  }
}

function wrote(file: number, data: Buffer): boolean {
  try {
    return writeSync(file, data) === data.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return false;
  }
}
