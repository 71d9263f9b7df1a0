import type { FaultKind } from './fault';

/** Why an account may not ask for a zone's values; null where it may. */
export type ZoneRefusal = (zone: string) => string | null;

/** That no zone at all can be had is said by these: whatever else is wrong may be over a moment later. */
export const lastingRefusals: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'unauthorised',
  'not in the plan',
]);

/** Zones for a message; the first few of many. */
export function someOf(zones: readonly string[]): string {
  const shown = zones.slice(0, 10);
  const more = zones.length - shown.length;
  return `${shown.join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
}
