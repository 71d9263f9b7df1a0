import type { GroupVersionKind } from '../kubernetesObject';
import type { PropertyMap } from '../../provider/properties';

/** Objects to watch beside the one that is awaited. */
export interface Related {
  readonly gvk: GroupVersionKind;
  /** Which of them: `app=web`; all of the namespace when absent. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** True for kinds without a namespace. */
  readonly clusterWide?: boolean;
}

/** What is known at a moment of the wait. */
export interface Seen {
  readonly object: PropertyMap;
  readonly related: Readonly<Record<string, readonly PropertyMap[]>>;
  /** True when the object is new, false when it was changed. */
  readonly created: boolean;
  /** How long no related object has changed, in milliseconds. */
  readonly quietMs: number;
}

export type Assessment =
  | { readonly state: 'ready' }
  | {
      readonly state: 'waiting';
      /** What it waits for, for the engine's status line. */
      readonly status: string;
      /** What to tell when time runs out. */
      readonly reasons: readonly string[];
      /** When to look again though nothing changes, in milliseconds. */
      readonly againAfterMs?: number;
    }
  | { readonly state: 'failed'; readonly reasons: readonly string[] };

/** When an object of a kind is ready. */
export interface Awaiter {
  /** How long to wait where neither the program nor an annotation says, in seconds. */
  readonly defaultTimeoutSeconds: number;
  readonly related?: (object: PropertyMap) => Readonly<Record<string, Related>>;
  readonly assess: (seen: Seen) => Assessment;
  /** True where a refresh reports an object that is not ready. */
  readonly assessOnRead: boolean;
}

export const READY: Assessment = { state: 'ready' };

export function waiting(status: string, reasons: readonly string[] = [], againAfterMs?: number): Assessment {
  return { state: 'waiting', status, reasons, ...(againAfterMs === undefined ? {} : { againAfterMs }) };
}
