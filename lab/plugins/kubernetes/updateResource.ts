import { ApiError, NoSuchKindError } from './apiErrors';
import { getObject, relinquish, updateObject } from './apply';
import { NotReadyError } from './await/awaitReady';
import { connectionOf, requireConnection, type ProviderContext } from './context';
import { InitFailedError } from '../provider/errors';
import { gvkOf, idOf, kindOf, toObject } from './kubernetesObject';
import { containsUnknown, textAt, type PropertyMap } from '../provider/properties';
import { redact } from './secrets';
import { settle } from './settle';
import { fieldManagerOf, normalise, outputsOf, parseOutputs } from './state';
import { isPatchResource } from './urn';
import { relayWarnings, warnIfUnreachable } from './warnings';

export interface UpdateArgs {
  readonly urn: string;
  /** Outputs as the state has them. */
  readonly olds: PropertyMap;
  /** Inputs to apply. */
  readonly news: PropertyMap;
  readonly preview: boolean;
  readonly timeoutSeconds: number;
  readonly ignored: readonly string[];
}

/** Applies new inputs to an object and waits until it is ready; in a preview, asks the API server for the outcome. */
export async function updateResource(args: UpdateArgs, context: ProviderContext): Promise<PropertyMap> {
  const { urn, news, preview } = args;
  const inputs = normalise(toObject(news));
  if (preview) {
    warnIfUnreachable(urn, context);
    const known = !containsUnknown(inputs) && (await connectionOf(context)?.discovery.find(gvkOf(inputs)));
    if (!known) return news;
  }
  const connection = requireConnection(context);
  const saved = parseOutputs(args.olds);
  const fieldManager = fieldManagerOf(inputs, saved);
  const patchResource = isPatchResource(urn, kindOf(inputs));
  const kept = {
    initialApiVersion: saved.initialApiVersion ?? textAt(inputs, 'apiVersion') ?? '',
    fieldManager,
  };
  let applied: PropertyMap;
  try {
    const live = await getObject(inputs, connection);
    const response = await updateObject(
      {
        inputs,
        live,
        fieldManager,
        patchResource,
        ignored: args.ignored,
        settings: context.settings,
        dryRun: preview,
        signal: context.signal,
      },
      connection,
    );
    relayWarnings(response, urn, context);
    applied = response.body;
  } catch (error) {
    if (preview && error instanceof ApiError && error.forbidden) return news;
    throw describe(error, urn, news);
  }
  if (preview) return outputsOf(inputs, applied, news, kept);
  const id = idOf(applied);
  try {
    const ready = await settle(
      { urn, inputs, applied, created: false, timeoutSeconds: args.timeoutSeconds },
      connection,
      context,
    );
    // An annotation may have named another owner: the old one gives up its fields, or they could never be dropped.
    if (saved.fieldManager && saved.fieldManager !== fieldManager) {
      await relinquish(ready, saved.fieldManager, connection);
    }
    return outputsOf(inputs, ready, news, kept);
  } catch (error) {
    if (!(error instanceof NotReadyError)) throw error;
    throw new InitFailedError(
      id,
      `the Kubernetes API server reported that "${id}" failed to fully initialize or become live: ${error.message}`,
      error.reasons.map((reason) => redact(reason, news)),
      outputsOf(inputs, error.object, news, kept),
    );
  } finally {
    if (kindOf(inputs) === 'CustomResourceDefinition') connection.discovery.forget();
  }
}

function describe(error: unknown, urn: string, news: PropertyMap): Error {
  const message = redact(error instanceof Error ? error.message : String(error), news);
  const hint =
    error instanceof NoSuchKindError
      ? ' The API server does not serve the apiVersion of this resource; verify that any required CRDs have been created.'
      : '';
  return new Error(`update of resource "${urn}" failed: ${message}${hint}`);
}
