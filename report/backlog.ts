import { messageOf } from '../driver/messageOf';

/** What a disk says that is full, cannot be written to, or is away: it may pass. */
const diskFaults = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'ENOENT', 'ESTALE']);

export function isDiskFault(error: unknown): boolean {
  return error instanceof Error && diskFaults.has((error as NodeJS.ErrnoException).code ?? '');
}

/**
 * Writes that the disk may refuse for a while: they are kept, in order, and tried again with the next one. A plan that is
 * in force did not fail because nobody could write it down.
 */
export class Backlog {
  private readonly waiting: (() => void)[] = [];

  /** @param tell is told of a disk that refuses */
  constructor(private readonly tell: (note: string) => void) {}

  /** How many writes the disk has not taken yet. */
  get length(): number {
    return this.waiting.length;
  }

  /** @throws what `write` throws that is no fault of the disk */
  add(write: () => void): void {
    this.waiting.push(write);
    this.flush();
  }

  flush(): void {
    try {
      for (let [write] = this.waiting; write; [write] = this.waiting) {
        write();
        this.waiting.shift();
      }
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      this.tell(
        `${this.waiting.length} records wait for the disk, and are tried again with the next: ${messageOf(error)}`,
      );
    }
  }
}
