import { carbon } from './carbon';
import type { PlacementPolicy } from './problem';

/** Every policy by the name that commands know it by. */
export const policies: Readonly<Record<string, PlacementPolicy>> = { carbon };
