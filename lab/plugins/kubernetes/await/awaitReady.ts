import type { Connection } from '../connection';
import { gvkOf, kindOf, nameOf, namespaceOf, uidOf } from '../kubernetesObject';
import { mapsAt, numberAt, textAt, type PropertyMap } from '../../provider/properties';
import type { Assessment, Awaiter, Seen } from './assessment';
import { WatchedList } from './watch';

/** The object is there, but not ready, with the reasons that are known. */
export class NotReadyError extends Error {
  constructor(
    message: string,
    public readonly reasons: string[],
    /** The object as it was seen last. */
    public readonly object: PropertyMap,
  ) {
    super(message);
  }
}

export interface WaitArgs {
  /** The object as the API server gave it back when it was applied. */
  readonly object: PropertyMap;
  readonly created: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told what is waited for whenever that changes. */
  readonly status: (message: string) => void;
}

/** Waits until the object is ready and gives it as it is then. Throws {@link NotReadyError}. */
export async function awaitReady(
  awaiter: Awaiter,
  args: WaitArgs,
  connection: Connection,
): Promise<PropertyMap> {
  const stop = new AbortController();
  const timer = new Timer(args.timeoutMs);
  const bell = new Bell();
  let lastChange = performance.now();
  const { object: applied } = args;
  const own = await listOf(applied, { fieldSelector: `metadata.name=${nameOf(applied)}` }, connection, () => {
    bell.ring();
  });
  const related = await relatedLists(awaiter, applied, connection, () => {
    lastChange = performance.now();
    bell.ring();
  });
  const followers = [own, ...Object.values(related)].map((list) => list.follow(stop.signal));
  const cancelled = (): void => {
    bell.ring();
  };
  args.signal.addEventListener('abort', cancelled);
  timer.onEnd(cancelled);
  let last: Assessment | undefined;
  let object = applied;
  try {
    for (;;) {
      const complete = own.known && Object.values(related).every((list) => list.known);
      if (complete) {
        const live = own.items.find((item) => uidOf(item) === uidOf(applied));
        if (!live)
          throw new NotReadyError(
            `${kindOf(applied)} "${nameOf(applied)}" was deleted while it was awaited`,
            [],
            object,
          );
        if (
          (numberAt(live, 'metadata', 'generation') ?? 0) >=
          (numberAt(applied, 'metadata', 'generation') ?? 0)
        ) {
          object = live;
          last = awaiter.assess(seen(live, related, args.created, performance.now() - lastChange));
          if (last.state === 'ready') return live;
          if (last.state === 'failed') {
            throw new NotReadyError(
              `Resource '${nameOf(applied)}' was created but failed to initialize`,
              [...last.reasons],
              live,
            );
          }
          args.status(last.status);
        }
      }
      if (args.signal.aborted) {
        throw new NotReadyError(
          `Resource operation was cancelled for "${nameOf(applied)}"`,
          reasonsOf(last),
          object,
        );
      }
      if (timer.ended) {
        const reasons = reasonsOf(last);
        if (reasons.length === 0 && !complete)
          reasons.push('the API server gave no answer while it was awaited');
        throw new NotReadyError(
          `'${nameOf(applied)}' timed out waiting to be Ready (after ${args.timeoutMs / 1000} s)`,
          [...reasons, ...(await warnings(object, related, connection))],
          object,
        );
      }
      await bell.heard(last?.state === 'waiting' ? last.againAfterMs : undefined);
    }
  } finally {
    args.signal.removeEventListener('abort', cancelled);
    timer.clear();
    stop.abort();
    await Promise.all(followers);
  }
}

/** Looks once whether the object is ready now. Gives the reasons against it, or undefined where there are none. */
export async function reasonsNotReady(
  awaiter: Awaiter,
  object: PropertyMap,
  connection: Connection,
): Promise<string[] | undefined> {
  const stop = new AbortController();
  const bell = new Bell();
  const related = await relatedLists(awaiter, object, connection, () => {
    bell.ring();
  });
  const lists = Object.values(related);
  const followers = lists.map((list) => list.follow(stop.signal));
  try {
    while (!lists.every((list) => list.known)) await bell.heard();
    // On a look nothing is waited for, so the calm that a wait asks for is taken as given.
    const assessment = awaiter.assess(seen(object, related, false, Number.POSITIVE_INFINITY));
    return assessment.state === 'ready' ? undefined : [...assessment.reasons];
  } finally {
    stop.abort();
    await Promise.all(followers);
  }
}

type Lists = Record<string, WatchedList>;

async function relatedLists(
  awaiter: Awaiter,
  object: PropertyMap,
  connection: Connection,
  changed: () => void,
): Promise<Lists> {
  const entries = Object.entries(awaiter.related?.(object) ?? {}).map(
    async ([name, { gvk, labelSelector, fieldSelector, clusterWide }]) => {
      const path = await connection.discovery.path(gvk, clusterWide ? '' : namespaceOf(object));
      return [
        name,
        new WatchedList(connection.client, path, { labelSelector, fieldSelector }, changed),
      ] as const;
    },
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function listOf(
  object: PropertyMap,
  query: Record<string, string>,
  connection: Connection,
  changed: () => void,
): Promise<WatchedList> {
  const path = await connection.discovery.path(gvkOf(object), namespaceOf(object));
  return new WatchedList(connection.client, path, query, changed);
}

function seen(object: PropertyMap, related: Lists, created: boolean, quietMs: number): Seen {
  const items = Object.fromEntries(Object.entries(related).map(([name, list]) => [name, list.items]));
  return { object, related: items, created, quietMs };
}

function reasonsOf(assessment: Assessment | undefined): string[] {
  return assessment && assessment.state !== 'ready' ? [...assessment.reasons] : [];
}

/** The latest warning events of the object and what belongs to it: volumes that do not mount, sandboxes that fail. */
async function warnings(object: PropertyMap, related: Lists, connection: Connection): Promise<string[]> {
  const uids = new Set([object, ...Object.values(related).flatMap((list) => list.items)].map(uidOf));
  try {
    const { body } = await connection.client.request({
      method: 'GET',
      path: await connection.discovery.path(
        { group: '', version: 'v1', kind: 'Event' },
        namespaceOf(object) || 'default',
      ),
      query: { fieldSelector: 'type=Warning' },
      timeoutMs: 5_000,
    });
    const latest = new Map<string, string>();
    for (const event of mapsAt(body, 'items')) {
      const about = event['involvedObject'] ?? null;
      if (!uids.has(textAt(about, 'uid') ?? '')) continue;
      const subject = `${textAt(about, 'kind') ?? ''} ${textAt(about, 'name') ?? ''}`;
      latest.set(subject, `${subject}: [${textAt(event, 'reason') ?? ''}] ${textAt(event, 'message') ?? ''}`);
    }
    return [...latest.values()];
  } catch {
    // Events only add to a message that stands without them.
    return [];
  }
}

class Timer {
  public ended = false;
  private readonly handle: NodeJS.Timeout;
  private listener: (() => void) | undefined;

  constructor(ms: number) {
    this.handle = setTimeout(() => {
      this.ended = true;
      this.listener?.();
    }, ms);
  }

  onEnd(listener: () => void): void {
    this.listener = listener;
  }

  clear(): void {
    clearTimeout(this.handle);
  }
}

/** Lets one loop sleep until something rings; a ring that comes before is not lost. */
class Bell {
  private rung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  async heard(atMostMs?: number): Promise<void> {
    if (!this.rung) {
      await new Promise<void>((resolve) => {
        const timer = atMostMs === undefined ? undefined : setTimeout(resolve, atMostMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.wake = undefined;
    this.rung = false;
  }
}
