import { ApiClient } from './apiClient';
import { UnreachableError } from './apiErrors';
import { Discovery } from './discovery';
import { loadTarget, type Target } from './kubeconfig';
import type { ProviderConfig } from './providerConfig';

/** A cluster that answers. */
export interface Connection {
  readonly client: ApiClient;
  readonly discovery: Discovery;
}

/** A cluster that cannot be asked, and why: no kubeconfig, no such context, or no answer. */
export interface NoConnection {
  readonly reason: string;
}

export interface ConnectResult {
  readonly connection: Connection | NoConnection;
  /** Namespace of objects that name none; from the settings, else from the kubeconfig's context, else `default`. */
  readonly defaultNamespace: string;
}

/** How long to wait for an API server's first answer, in milliseconds. */
const FIRST_ANSWER_MS = 10_000;

/** Loads the kubeconfig and asks the server for its version. Never throws for what a person can set right. */
export async function connect(settings: ProviderConfig): Promise<ConnectResult> {
  let target: Target;
  try {
    target = loadTarget(settings);
  } catch (error) {
    return {
      connection: { reason: (error as Error).message },
      defaultNamespace: settings.namespace ?? 'default',
    };
  }
  const defaultNamespace = settings.namespace ?? target.namespace ?? 'default';
  try {
    const client = new ApiClient(target);
    await client.request({ method: 'GET', path: '/version', timeoutMs: FIRST_ANSWER_MS });
    return { connection: { client, discovery: new Discovery(client) }, defaultNamespace };
  } catch (error) {
    const message = (error as Error).message;
    const reason =
      error instanceof UnreachableError
        ? message
        : `the API server ${target.cluster.server} (context "${target.contextName}") cannot be asked: ${message}`;
    return { connection: { reason }, defaultNamespace };
  }
}
