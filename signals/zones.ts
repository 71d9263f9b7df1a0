import type { RegionConfig, SourceKind } from '../stack/stackConfig';
import { zoneTable } from './zoneTable';

type CloudRegion = NonNullable<RegionConfig['cloud']>;

/**
 * The grid zone of a cloud region, as a source calls it.
 * @returns undefined where it is not known: it is then to be set by hand
 */
export function zoneOfCloud({ provider, region }: CloudRegion, kind: SourceKind): string | undefined {
  if (kind === 'recorded') return undefined;
  // The Carbon Aware SDK is asked by the cloud's own name.
  if (kind === 'carbonAwareSdk') return region;
  const [electricityMaps, wattTime] = zoneTable[provider][region] ?? [];
  if (kind === 'wattTime') return wattTime || undefined;
  if (kind === 'electricityMaps') return electricityMaps || undefined;
  // The other two know countries alone; which ones they know they say themselves.
  return electricityMaps !== undefined && /^[A-Z]{2}$/.test(electricityMaps) ? electricityMaps : undefined;
}
