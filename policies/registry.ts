import { carbon } from './carbon';
import { horizon } from './horizon';
import { latency } from './latency';
import { oracle } from './oracle';
import type { Policy } from './problem';
import { replay } from './replay';
import { staticPolicy } from './static';
import { weighted } from './weighted';

/** Every policy by the name that commands know it by. */
export const policies: Readonly<Record<string, Policy>> = {
  carbon: { sees: 'interval', bounded: true, place: carbon },
  latency: { sees: 'interval', bounded: false, place: latency },
  replay: { sees: 'interval', bounded: false, place: replay },
  weighted: { sees: 'interval', bounded: true, place: weighted },
  horizon: { sees: 'horizon', bounded: true, placeAll: horizon },
  static: { sees: 'range', bounded: true, placeAll: staticPolicy },
  oracle: { sees: 'range', bounded: true, placeAll: oracle },
};
