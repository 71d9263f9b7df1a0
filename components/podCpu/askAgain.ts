import { setTimeout as sleep } from 'node:timers/promises';
import { ApiException } from '../../cluster/client';

/** How often a request is sent in all, and the pause after the first, which doubles, in ms. */
const tries = 3;
const firstPauseMs = 500;
/** An API server that wants to be left alone for longer is not waited for. */
const longestPauseMs = 30_000;

/** How what failed is asked again. */
export interface AskAgain {
  /** Whether a conflict (409) is one of the moment; it is not where the request names the version that it changes. */
  readonly conflictPasses: boolean;
  /** Ends the pauses. */
  readonly cancel: AbortSignal;
  /** Uniform from 0 to 1: those who failed together do not come back together. */
  readonly random?: () => number;
}

/**
 * Asks an API server, and again where it is busy (429), broken for a moment (5xx), in conflict with another change, or
 * does not answer in time. It says itself how long to wait (Retry-After), else half a second and more.
 * @param request must be right to send twice
 * @throws what the last try threw
 */
export async function askAgain<T>(
  request: () => Promise<T>,
  { conflictPasses, cancel, random = Math.random }: AskAgain,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await request();
    } catch (error) {
      if (tried === tries || cancel.aborted || !passes(error, conflictPasses)) throw error;
      const pauseMs = Math.max(askedFor(error), firstPauseMs * 2 ** (tried - 1) * (0.5 + random()));
      if (pauseMs > longestPauseMs) throw error;
      // The next try says that it was cancelled.
      await sleep(pauseMs, undefined, { signal: cancel }).catch(() => undefined);
    }
  }
}

/** Whether nothing answered within the time that a request has. */
export function isTimeout(error: unknown): error is Error {
  return error instanceof Error && /abort|timeout/i.test(error.name);
}

function passes(error: unknown, conflictPasses: boolean): boolean {
  if (!(error instanceof ApiException)) return isTimeout(error);
  return error.code === 429 || error.code >= 500 || (error.code === 409 && conflictPasses);
}

/** In ms; 0 where it does not say. Kubernetes says it in seconds. */
function askedFor(error: unknown): number {
  const seconds = error instanceof ApiException ? Number(error.headers['retry-after'] ?? 0) : 0;
  return Number.isFinite(seconds) ? seconds * 1000 : 0;
}
