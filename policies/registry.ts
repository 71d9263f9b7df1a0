import { carbon } from './carbon';
import { latency } from './latency';
import { oracle } from './oracle';
import type { Policy } from './problem';
import { replay } from './replay';
import { staticPolicy } from './static';

/** Every policy by the name that commands know it by. */
export const policies: Readonly<Record<string, Policy>> = {
  carbon: { sees: 'interval', place: carbon },
  latency: { sees: 'interval', place: latency },
  replay: { sees: 'interval', place: replay },
  static: { sees: 'range', placeAll: staticPolicy },
  oracle: { sees: 'range', placeAll: oracle },
};
