import { SKIP_AWAIT, TIMEOUT_SECONDS } from './annotations';
import { awaiterFor } from './await/awaiters';
import { awaitReady } from './await/awaitReady';
import type { Connection } from './connection';
import type { ProviderContext } from './context';
import { annotationOf, kindOf } from './kubernetesObject';
import { mapsAt, textAt, type PropertyMap } from '../provider/properties';

export interface SettleArgs {
  readonly urn: string;
  readonly inputs: PropertyMap;
  /** The object as it came back when it was applied. */
  readonly applied: PropertyMap;
  readonly created: boolean;
  /** Time-out of the resource's options in seconds; 0 where the program sets none. */
  readonly timeoutSeconds: number;
}

/** Waits until what was applied is ready, unless the program says not to; gives the object as it is then. */
export async function settle(
  args: SettleArgs,
  connection: Connection,
  context: ProviderContext,
): Promise<PropertyMap> {
  const { urn, inputs, applied } = args;
  if (annotationOf(inputs, SKIP_AWAIT) === 'true') return applied;
  const awaiter = awaiterFor(applied);
  if (!awaiter) return applied;
  const timeoutSeconds = timeoutOf(inputs, args.timeoutSeconds) ?? awaiter.defaultTimeoutSeconds;
  try {
    const ready = await awaitReady(
      awaiter,
      {
        object: applied,
        created: args.created,
        timeoutMs: timeoutSeconds * 1000,
        signal: context.signal,
        status: (message) => {
          context.log.status(urn, message);
        },
      },
      connection,
    );
    if (kindOf(ready) === 'CustomResourceDefinition') await untilServed(ready, connection, context);
    return ready;
  } finally {
    context.log.status(urn, '');
  }
}

/** How long the API server may take to serve a kind that it has called established, in milliseconds. */
const SERVED_WITHIN_MS = 10_000;

/** What the program makes next may be of the new kind. */
async function untilServed(
  definition: PropertyMap,
  { discovery }: Connection,
  context: ProviderContext,
): Promise<void> {
  const group = textAt(definition, 'spec', 'group') ?? '';
  const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
  const served = mapsAt(definition, 'spec', 'versions').find((version) => version['served'] === true);
  const version = textAt(served, 'name');
  discovery.forget();
  if (version !== undefined)
    await discovery.served({ group, version, kind }, SERVED_WITHIN_MS, context.signal);
}

/** Seconds to wait as the program says, in the resource's options or by annotation; undefined where it does not. */
export function timeoutOf(inputs: PropertyMap, optionSeconds: number): number | undefined {
  if (optionSeconds > 0) return optionSeconds;
  const text = annotationOf(inputs, TIMEOUT_SECONDS);
  return text !== undefined && /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}
