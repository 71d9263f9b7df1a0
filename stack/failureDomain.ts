import type { StackConfig } from './schema';

/** Name of what a region is lost together with: what its entry says, or the region alone. */
export function failureDomainOf({ regions }: Pick<StackConfig, 'regions'>, region: string): string {
  return regions.find(({ name }) => name === region)?.failureDomain ?? region;
}

/** Regions that stand on the same as one of those that are lost, and are not among them. */
export function besideLost(config: Pick<StackConfig, 'regions'>, lost: readonly string[]): string[] {
  const domains = new Set(lost.map((region) => failureDomainOf(config, region)));
  return config.regions
    .map(({ name }) => name)
    .filter((name) => !lost.includes(name) && domains.has(failureDomainOf(config, name)));
}
