import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { ApiClient } from './apiClient';
import { UnreachableError } from './apiErrors';
import { Discovery } from './discovery';
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
  let config: KubeConfig;
  try {
    config = await loadKubeconfig(settings);
  } catch (error) {
    return {
      connection: { reason: (error as Error).message },
      defaultNamespace: settings.namespace ?? 'default',
    };
  }
  const defaultNamespace =
    settings.namespace ?? (config.getContextObject(config.getCurrentContext())?.namespace || 'default');
  try {
    const client = new ApiClient(config);
    await client.request({ method: 'GET', path: '/version', timeoutMs: FIRST_ANSWER_MS });
    return { connection: { client, discovery: new Discovery(client) }, defaultNamespace };
  } catch (error) {
    const reason =
      error instanceof UnreachableError
        ? error.message
        : `the API server of context "${config.getCurrentContext()}" refuses to tell its version: ${(error as Error).message}`;
    return { connection: { reason }, defaultNamespace };
  }
}

/** Address that the library falls back to when it finds no kubeconfig at all. */
const NO_KUBECONFIG = 'http://localhost:8080';

/** The kubeconfig with the context and cluster that the settings choose. Throws where it does not have them. */
export async function loadKubeconfig(
  settings: Pick<ProviderConfig, 'kubeconfig' | 'context' | 'cluster'>,
): Promise<KubeConfig> {
  // Loaded when needed: it costs a quarter of a second, and the engine waits for the port first.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  if (settings.kubeconfig === undefined) {
    config.loadFromDefault(undefined, true);
    if (config.getCurrentCluster()?.server === NO_KUBECONFIG) {
      throw new Error(
        'there is no kubeconfig: set `kubeconfig` on the provider, or KUBECONFIG, or make ~/.kube/config',
      );
    }
  } else {
    const path = settings.kubeconfig.replace(/^~(?=$|\/)/, homedir());
    try {
      if (existsSync(path)) config.loadFromFile(path);
      else if (isPath(settings.kubeconfig)) throw new Error(`there is no file ${path}`);
      else config.loadFromString(settings.kubeconfig);
    } catch (error) {
      throw new Error(`cannot read the kubeconfig: ${(error as Error).message}`, { cause: error });
    }
  }
  const names = config.getContexts().map(({ name }) => `"${name}"`);
  if (settings.context !== undefined) {
    if (!config.getContextObject(settings.context)) {
      throw new Error(
        `the kubeconfig has no context "${settings.context}"; it has ${names.join(', ') || 'none'}`,
      );
    }
    config.setCurrentContext(settings.context);
  }
  const current = config.getContextObject(config.getCurrentContext());
  if (!current) {
    const wanted = config.getCurrentContext();
    throw new Error(
      wanted
        ? `the kubeconfig's current context "${wanted}" is not in it; it has ${names.join(', ') || 'none'}`
        : 'the kubeconfig has no current context; set `context` on the provider, or a current context',
    );
  }
  const clusterName = settings.cluster ?? current.cluster;
  if (!config.getCluster(clusterName)) throw new Error(`the kubeconfig has no cluster "${clusterName}"`);
  // The library refuses plain HTTP unless told so; a kubeconfig with such an address has told so.
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  if (settings.cluster !== undefined) {
    config.contexts = config.contexts.map((context) =>
      context.name === current.name ? { ...context, cluster: clusterName } : context,
    );
  }
  return config;
}

/** Contents of a kubeconfig have several lines or are JSON; anything else was meant as a path. */
function isPath(text: string): boolean {
  return !text.includes('\n') && !text.trimStart().startsWith('{');
}
