import type { StackConfig } from '../stack/stackConfig';

/** A plan in the form of something else than casper's own proxies. */
export interface Exported {
  /** Objects, one document each; or lines of text. */
  readonly documents: readonly object[] | string;
  /** What is not as the plan has it, in words. */
  readonly notes: readonly string[];
}

/** What a plan cannot be written as, and why. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/** Rows of weights by origin, destinations in order of their names. */
export function rowsOf({ plan }: Pick<StackConfig, 'plan'>): [string, Record<string, number>][] {
  return Object.entries(plan.weights)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([origin, row]) => [
      origin,
      Object.fromEntries(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1))),
    ]);
}

/** Says by how much a row is rounded; nothing where it is exact. */
export function roundingOf(origin: string, worstPercent: number): string[] {
  return worstPercent === 0
    ? []
    : [`${origin}: shares are rounded, by up to ${worstPercent.toFixed(2)} % of its requests`];
}
