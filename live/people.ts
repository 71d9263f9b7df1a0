import type { LiveConfig } from '../stack/stackConfig';

/** Why people have said that nothing is changed now; null where they have not. Pure. */
export function heldByPeople(
  { paused, quietHours }: Pick<LiveConfig, 'paused' | 'quietHours'>,
  nowMs: number,
): string | null {
  if (paused) return 'paused by casper:live.paused';
  const now = new Date(nowMs).toISOString().slice(11, 16);
  // Hours that end before they begin go over midnight; text of this form sorts like the time that it says.
  const quiet = quietHours.find(({ from, to }) =>
    from <= to ? from <= now && now < to : from <= now || now < to,
  );
  return quiet ? `quiet from ${quiet.from} to ${quiet.to} UTC by casper:live.quietHours` : null;
}
