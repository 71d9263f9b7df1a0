import type { RandomSource } from '../../load/seededRandom';
import type { CasperCommand, Ended } from './casperCommand';
import type { Stage, Work } from './stage';

/**
 * Which requests may fail, beside those that were in flight. `none`: a replica of their path is left, and nothing has to
 * be detected. `detection`: for so many seconds, until what is left of the path is known. `outage`: the path has no
 * replica, until it is back, and so many seconds more.
 */
export type MayFail =
  { readonly until: 'none' } | { readonly until: 'detection' | 'outage'; readonly seconds: number };

/** What a fault sees of where it happens. */
export interface Scene {
  readonly stage: Stage;
  /** The change under way. */
  readonly command: CasperCommand;
  readonly random: RandomSource;
  /** Notes what was not as it should be. */
  readonly problem: (what: string) => void;
  /** Notes something of a person's that is gone, or a record. */
  readonly lost: (what: string) => void;
}

/** A fault that was injected, and how it ends. */
export interface Injury {
  /** How long it lasts: so many milliseconds, or until the change under way has ended. */
  readonly lasts: number | 'untilTheChangeEnds';
  readonly heal: () => Promise<unknown>;
}

/** A kind of fault. */
export interface Fault {
  /** What people read in the table; `--kinds` takes it with dashes for what is no letter or digit. */
  readonly kind: string;
  readonly work: Work;
  readonly mayFail: MayFail;
  /** Whether what serves is back only with the next apply, because nothing else looks after it. */
  readonly mendedByApply?: true;
  /** Waits for the moment, from the beginning of the change; a random one of the change when absent. */
  readonly moment?: (scene: Scene) => Promise<void>;
  readonly inject: (scene: Scene) => Promise<Injury>;
  /** Looks at how the change under way ended. */
  readonly after?: (scene: Scene, ended: Ended) => void | Promise<void>;
}

/** The change was over before the fault's moment came: nothing was injected, and the draw is made again. */
export class MissedMoment extends Error {
  override readonly name = 'MissedMoment';
}

/** A fault of a moment, which nothing has to undo. */
export const overAtOnce: Injury = { lasts: 0, heal: () => Promise.resolve() };

/** A kind's name as a flag has it. */
export function flagOf({ kind }: Pick<Fault, 'kind'>): string {
  return kind
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}
