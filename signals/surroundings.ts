import { setTimeout as pause } from 'node:timers/promises';

/** What reading signals takes from outside, so that a test can say what time it is and what is drawn. */
export interface Surroundings {
  readonly nowMs: () => number;
  /** Uniform from 0 to 1, for the jitter of pauses. */
  readonly random: () => number;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder of what is kept between calls. */
  readonly folder: string;
}

/** @param folder of what is kept between calls */
export function realSurroundings(folder: string): Surroundings {
  return { nowMs: Date.now, random: Math.random, pause, environment: process.env, folder };
}
