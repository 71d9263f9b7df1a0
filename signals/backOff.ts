import type { FaultKind, SignalError } from './fault';

const firstPauseMs = 500;
/** The longest pause before asking again within one call; a source that wants more is left alone until then. */
const longestPauseMs = 8000;

/** What may be gone a moment later. */
const passing: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'rate limited',
  'server error',
  'slow',
  'torn',
  'unreachable',
]);

/**
 * How long to wait before a question is asked again: twice as long each time, between half and all of that by chance, so
 * that those who failed together do not come back together; and not before the source wants to be asked.
 * @param attempt how often it was asked, from 1
 * @returns ms, or undefined where asking again is of no use now
 */
export function pauseBeforeRetry(
  { kind, retryAtMs = 0 }: Pick<SignalError, 'kind' | 'retryAtMs'>,
  attempt: number,
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): number | undefined {
  if (!passing.has(kind)) return undefined;
  const most = Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
  const pauseMs = Math.max(retryAtMs - nowMs, (most / 2) * (1 + random));
  return pauseMs > longestPauseMs ? undefined : pauseMs;
}
