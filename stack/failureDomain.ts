import type { StackConfig } from './schema';

/** Name of what a region is lost together with: what its entry says, or the region alone. */
export function failureDomainOf({ regions }: Pick<StackConfig, 'regions'>, region: string): string {
  return regions.find(({ name }) => name === region)?.failureDomain ?? region;
}
