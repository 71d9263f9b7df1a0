import type { RegionConfig, SignalsConfig, SourceConfig } from '../stack/stackConfig';
import { SignalsConfigError } from './fault';
import { zoneOfCloud } from './zones';

/** Where the values of a region come from. */
export interface Place {
  readonly region: string;
  readonly config: SourceConfig;
  /** As the source calls it. */
  readonly zone: string;
}

/** @throws SignalsConfigError that names the regions whose zone is not known */
export function placesOf(regions: readonly RegionConfig[], { sources }: SignalsConfig): Place[] {
  const faults: string[] = [];
  const places = regions.flatMap(({ name: region, cloud, signal }): Place[] => {
    const config = sources.find(({ name }) => name === signal?.source) ?? sources[0];
    // The columns of a recording are called like the regions.
    const byName = config?.kind === 'recorded' ? region : undefined;
    const zone = signal?.zone ?? byName ?? (config && cloud && zoneOfCloud(cloud, config.kind));
    if (config && zone !== undefined) return [{ region, config, zone }];
    faults.push(
      cloud
        ? `${region}: the zone of ${cloud.provider} ${cloud.region} is not known for ${config?.name ?? ''} (${config?.kind ?? ''})`
        : `${region}: neither cloud nor signal.zone says where it is`,
    );
    return [];
  });
  if (faults.length === 0) return places;
  throw new SignalsConfigError(
    `No grid zone is known for:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nSet signal.zone of the region in casper:regions, as the source calls it.`,
  );
}
