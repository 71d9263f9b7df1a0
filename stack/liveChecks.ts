import type { StackConfig } from './schema';

/** No credential is in the file, and pins are of regions that there are. */
export function faultsOfLive({
  regions,
  demand,
  live,
}: Pick<StackConfig, 'regions' | 'demand' | 'live'>): string[] {
  const names = regions.map(({ name }) => name);
  const faults = Object.entries(live.pins)
    .flat()
    .filter((name) => !names.includes(name))
    .map(
      (name) =>
        `casper:live.pins: ${name} is not in casper:regions (known regions: ${names.join(', ')}); correct the name or remove the pin`,
    );
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
