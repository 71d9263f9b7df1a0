import { carbon } from './carbon';
import { latency } from './latency';
import { oracle } from './oracle';
import type { Policy } from './problem';
import { replay } from './replay';
import { staticPolicy } from './static';

/** Every policy by the name that commands know it by. */
export const policies: Readonly<Record<string, Policy>> = {
  carbon: { sees: 'interval', bounded: true, place: carbon },
  latency: { sees: 'interval', bounded: false, place: latency },
  replay: { sees: 'interval', bounded: false, place: replay },
  static: { sees: 'range', bounded: true, placeAll: staticPolicy },
  oracle: { sees: 'range', bounded: true, placeAll: oracle },
};
