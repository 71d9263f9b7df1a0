import type { StackConfig } from './schema';

/** No credential is in the file, and pins are of regions that there are. */
export function faultsOfLive({
  regions,
  demand,
  live,
}: Pick<StackConfig, 'regions' | 'demand' | 'live'>): string[] {
  const names = regions.map(({ name }) => name);
  const pinned = Object.entries(live.pins).flatMap(([origin, pin]) => [
    origin,
    ...(typeof pin === 'string' ? [pin] : Object.keys(pin)),
  ]);
  const faults = pinned
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `casper:live.pins: ${name} is not in casper:regions (known regions: ${names.join(', ')}); correct the name or remove the pin`,
    );
  for (const [origin, pin] of Object.entries(live.pins)) {
    if (typeof pin === 'string') continue;
    const percent = Object.values(pin).reduce((sum, share) => sum + share, 0);
    if (percent > 100) {
      faults.push(
        `casper:live.pins.${origin}: ${percent} % together, expected 100 at most; lower one of them`,
      );
    }
  }
  if (demand.url !== undefined) {
    const { username, password, search, hash } = new URL(demand.url);
    if (username || password || search || hash) {
      faults.push(
        'casper:demand.url: has a user, a password or parameters (not shown); expected scheme, host and path, of a Prometheus that may be asked without',
      );
    }
  }
  return faults;
}
