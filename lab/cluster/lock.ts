import { createServer } from 'node:net';
import { LabError } from '../labError';

/** Linux's abstract sockets vanish with the process that holds them, so a killed `up` leaves no lock behind. */
const lockName = '\0casper-lab';

/**
 * Runs work while no other process changes the lab.
 * @throws LabError when another one does just now
 */
export async function withLabLock<T>(work: () => Promise<T>): Promise<T> {
  const lock = createServer();
  await new Promise<void>((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) => {
      const taken = new LabError(
        'another process brings the lab up or down just now; wait for it and try again',
      );
      reject(error.code === 'EADDRINUSE' ? taken : error);
    });
    lock.listen(lockName, resolve);
  });
  try {
    return await work();
  } finally {
    lock.close();
  }
}
