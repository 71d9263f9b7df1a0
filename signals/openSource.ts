import type { SourceConfig } from '../stack/stackConfig';
import type { CarbonSource } from './source';
import { carbonAwareSdk } from './sources/carbonAwareSdk';
import { electricityMaps } from './sources/electricityMaps';
import { energyCharts } from './sources/energyCharts';
import { neso } from './sources/neso';
import { recorded } from './sources/recorded';
import { wattTime } from './sources/wattTime';
import type { Surroundings } from './surroundings';

/**
 * A source as the stack file sets it up; nothing is asked yet.
 * @throws SignalsConfigError where a credential is missing
 */
export function openSource(config: SourceConfig, surroundings: Surroundings): CarbonSource {
  switch (config.kind) {
    case 'electricityMaps':
      return electricityMaps(config, surroundings);
    case 'wattTime':
      return wattTime(config, surroundings);
    case 'neso':
      return neso(config, surroundings);
    case 'energyCharts':
      return energyCharts(config, surroundings);
    case 'carbonAwareSdk':
      return carbonAwareSdk(config, surroundings);
    case 'recorded':
      return recorded(config, surroundings);
  }
}
