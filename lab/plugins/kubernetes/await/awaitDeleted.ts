import type { Connection } from '../connection';
import { gvkOf, kindOf, nameOf, namespaceOf, uidOf } from '../kubernetesObject';
import { listAt, textAt, type PropertyMap } from '../../provider/properties';
import { NotReadyError, type WaitArgs } from './awaitReady';
import { conditionOf, isTrue } from './conditions';
import { WatchedList } from './watch';

/** Waits until the object is gone; another one of its name that came after it does not count. */
export async function awaitDeleted(args: Omit<WaitArgs, 'created'>, connection: Connection): Promise<void> {
  const { object } = args;
  const stop = new AbortController();
  const last: { seen: PropertyMap | undefined } = { seen: object };
  const path = await connection.discovery.path(gvkOf(object), namespaceOf(object));
  const gone = new Promise<void>((resolve) => {
    const list: WatchedList = new WatchedList(
      connection.client,
      path,
      { fieldSelector: `metadata.name=${nameOf(object)}` },
      () => {
        last.seen = list.items.find((item) => uidOf(object) === '' || uidOf(item) === uidOf(object));
        if (last.seen === undefined) resolve();
        else args.status(describe(last.seen));
      },
    );
    void list.follow(stop.signal);
  });
  const signal = AbortSignal.any([args.signal, AbortSignal.timeout(args.timeoutMs)]);
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
  try {
    await Promise.race([gone, ended]);
  } finally {
    stop.abort();
  }
  if (last.seen === undefined) return;
  const message = args.signal.aborted
    ? `Resource operation was cancelled for "${nameOf(object)}"`
    : `timed out waiting for ${kindOf(object)} "${nameOf(object)}" to be deleted (after ${args.timeoutMs / 1000} s)`;
  throw new NotReadyError(message, [describe(last.seen)], last.seen);
}

function describe(live: PropertyMap): string {
  const finalizers = listAt(live, 'metadata', 'finalizers').map(String);
  const holdups = [
    'NamespaceContentRemaining',
    'NamespaceFinalizersRemaining',
    'NamespaceDeletionContentFailure',
  ]
    .map((type) => conditionOf(live, type))
    .filter(isTrue)
    .map((condition) => textAt(condition, 'message') ?? '');
  return [
    'Waiting for deletion',
    ...(finalizers.length > 0 ? [`finalizers might be preventing deletion (${finalizers.join(', ')})`] : []),
    ...holdups,
  ].join('; ');
}
