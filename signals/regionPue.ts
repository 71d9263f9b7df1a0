import type { RegionConfig } from '../stack/stackConfig';
import { SignalsConfigError } from './fault';
import { zoneTable } from './zoneTable';

/** Power of a site over power of its servers, by region. */
export interface RegionPues {
  /** Of all regions, or of none. */
  readonly byRegion: ReadonlyMap<string, number>;
  /** Why none is counted though some are known; null where there is no such reason. */
  readonly notCounted: string | null;
}

/**
 * The regions' PUE, as the stack file has it or by their cloud. Where it is not known of every region it is counted of
 * none: a region would look cleaner for being unknown.
 * @throws SignalsConfigError where the stack file has it of some regions and it is not known of others
 */
export function puesOf(regions: readonly RegionConfig[]): RegionPues {
  const known = new Map(
    regions.flatMap(({ name, pue, cloud }) => {
      const own = pue ?? (cloud && zoneTable[cloud.provider][cloud.region]?.[2]);
      return own === undefined ? [] : [[name, own] as const];
    }),
  );
  const unknown = regions.flatMap(({ name }) => (known.has(name) ? [] : [name]));
  if (known.size === 0 || unknown.length === 0) return { byRegion: known, notCounted: null };
  const byHand = regions.flatMap(({ name, pue }) => (pue === undefined ? [] : [name]));
  if (byHand.length > 0) {
    throw new SignalsConfigError(
      `casper:regions has the pue of ${byHand.join(', ')}, and of ${unknown.join(', ')} none is known; give each of these one too, or none to any`,
    );
  }
  return {
    byRegion: new Map(),
    notCounted: `PUE is counted of no region, as it is not known of ${unknown.join(', ')}; set pue of these in casper:regions`,
  };
}
