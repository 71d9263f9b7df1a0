import { promises as timers } from 'node:timers';
import type { ApiResponse } from './apiClient';
import { ApiError, NoSuchKindError } from './apiErrors';
import { createObject, upsertObject, type ApplyArgs } from './apply';
import { NotReadyError } from './await/awaitReady';
import type { Connection } from './connection';
import { connectionOf, requireConnection, type ProviderContext } from './context';
import { InitFailedError } from '../provider/errors';
import {
  describeGvk,
  gvkOf,
  idOf,
  kindOf,
  namespaceOf,
  toObject,
  withMetadata,
  withoutMetadata,
} from './kubernetesObject';
import { newFieldManager } from './naming';
import { containsUnknown, textAt, without, type PropertyMap } from '../provider/properties';
import { redact } from './secrets';
import { settle } from './settle';
import { fieldManagerOf, outputsOf } from './state';
import { isPatchResource } from './urn';
import { relayWarnings, warnIfUnreachable } from './warnings';

export interface CreateArgs {
  readonly urn: string;
  readonly properties: PropertyMap;
  readonly preview: boolean;
  readonly timeoutSeconds: number;
}

/** What the engine stores: an id, empty in a preview, and the outputs. */
export interface Created {
  readonly id: string;
  readonly outputs: PropertyMap;
}

/** Creates an object and waits until it is ready; in a preview, asks the API server what it would make of it. */
export async function createResource(args: CreateArgs, context: ProviderContext): Promise<Created> {
  const { urn, properties, preview } = args;
  const inputs = toObject(properties);
  const patchResource = isPatchResource(urn, kindOf(inputs));
  if (preview) {
    warnIfUnreachable(urn, context);
    const connection = connectionOf(context);
    const known = connection && !containsUnknown(inputs) && (await connection.discovery.find(gvkOf(inputs)));
    if (!connection || !known || patchResource) return { id: '', outputs: properties };
  }
  const connection = requireConnection(context);
  const fieldManager = fieldManagerOf(inputs, undefined);
  const upsert = patchResource || context.settings.upsertExistingObjects;
  const apply: ApplyArgs = {
    inputs,
    fieldManager,
    settings: context.settings,
    dryRun: preview,
    signal: context.signal,
  };
  const response = await create(apply, upsert, args, connection, context);
  if (!response) return { id: '', outputs: properties };
  relayWarnings(response, urn, context);
  const saved = { initialApiVersion: textAt(inputs, 'apiVersion') ?? '', fieldManager };
  if (preview) {
    return { id: '', outputs: outputsOf(inputs, without(response.body, 'status'), properties, saved) };
  }
  const id = idOf(response.body);
  try {
    const live = await settle(
      { urn, inputs, applied: response.body, created: true, timeoutSeconds: args.timeoutSeconds },
      connection,
      context,
    );
    return { id, outputs: outputsOf(inputs, live, properties, saved) };
  } catch (error) {
    if (!(error instanceof NotReadyError)) throw error;
    throw new InitFailedError(
      id,
      `resource "${id}" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: ${error.message}`,
      error.reasons.map((reason) => redact(reason, properties)),
      outputsOf(inputs, error.object, properties, saved),
    );
  } finally {
    if (kindOf(inputs) === 'CustomResourceDefinition') connection.discovery.forget();
  }
}

/** How often, and after how many milliseconds each time, a creation is tried again that came too early. */
const RETRY_AFTER_MS = [500, 1000, 2000, 4000, 8000, 16000];

/** The API server's answer; undefined in a preview that cannot know. */
async function create(
  apply: ApplyArgs,
  upsert: boolean,
  { urn, properties, preview }: CreateArgs,
  connection: Connection,
  context: ProviderContext,
): Promise<ApiResponse | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await tryCreate(await placed(apply, connection), upsert, connection);
    } catch (error) {
      const delay = RETRY_AFTER_MS[attempt];
      if (preview) {
        if (isNotForPreview(error)) return undefined;
        throw describe(error, urn, properties);
      }
      // A namespace or a definition of custom resources may be made by the same update, or by somebody else just now.
      const early = error instanceof NoSuchKindError || (error instanceof ApiError && error.notFound);
      if (!early || delay === undefined) throw describe(error, urn, properties);
      context.log.status(urn, `Retry #${attempt + 1}; creation failed: ${redact(error.message, properties)}`);
      if (error instanceof NoSuchKindError) connection.discovery.forget();
      await timers.setTimeout(delay, undefined, { signal: context.signal }).catch(() => {
        throw new Error(`creation of "${urn}" was cancelled: ${error.message}`);
      });
    }
  }
}

async function tryCreate(apply: ApplyArgs, upsert: boolean, connection: Connection): Promise<ApiResponse> {
  if (!upsert) return await createObject(apply, connection);
  try {
    return await upsertObject(apply, connection);
  } catch (error) {
    if (!apply.dryRun || !(error instanceof ApiError) || error.immutableFields.length === 0) throw error;
    // The object will be replaced; a dry run of its successor needs a name that is free.
    const name = `${textAt(apply.inputs, 'metadata', 'name') ?? ''}-${newFieldManager().slice(-5)}`;
    return await upsertObject({ ...apply, inputs: withMetadata(apply.inputs, { name }) }, connection);
  }
}

/** Corrects a namespace that was guessed while the kind was unknown. */
async function placed(apply: ApplyArgs, connection: Connection): Promise<ApplyArgs> {
  const served = await connection.discovery.find(gvkOf(apply.inputs));
  if (!served || served.namespaced || namespaceOf(apply.inputs) === '') return apply;
  return { ...apply, inputs: withoutMetadata(apply.inputs, 'namespace') };
}

function isNotForPreview(error: unknown): boolean {
  if (error instanceof NoSuchKindError) return true;
  if (!(error instanceof ApiError)) return false;
  const noDryRun = error.code === 400 && error.message.includes('does not support dry run');
  // What exists may be what this very update deletes first.
  return error.forbidden || error.namespaceNotFound || error.alreadyExists || noDryRun;
}

function describe(error: unknown, urn: string, properties: PropertyMap): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const message = redact(error.message, properties);
  if (error instanceof NoSuchKindError) {
    return new Error(
      `creation of resource "${urn}" with kind ${describeGvk(gvkOf(toObject(properties)))} failed because the Kubernetes API server reported that the apiVersion for this resource does not exist. Verify that any required CRDs have been created: ${message}`,
    );
  }
  const hint =
    error instanceof ApiError && error.alreadyExists
      ? '\nThe resource already exists in the cluster. Import it (`pulumi import`), rename this one, delete the other, or set upsertExistingObjects on the provider to take existing objects over.'
      : '';
  return new Error(
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${message}${hint}`,
  );
}
