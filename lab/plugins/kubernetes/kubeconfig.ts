import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, resolve } from 'node:path';
import {
  newClusters,
  newContexts,
  newUsers,
  type Cluster,
  type Context,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import type { ProviderConfig } from './providerConfig';

/** The cluster that a kubeconfig and the provider's settings choose, and whom it is asked as. */
export interface Target {
  readonly contextName: string;
  /** Namespace of the context; undefined where it names none. */
  readonly namespace: string | undefined;
  readonly cluster: Cluster;
  /** Undefined where the context names a user that the kubeconfig does not have: asked as nobody. */
  readonly user: User | undefined;
}

interface Kubeconfig {
  clusters: Cluster[];
  users: User[];
  contexts: Context[];
  currentContext: string;
}

/** Loads the kubeconfig and chooses from it. Throws one clear message for what a person can set right. */
export function loadTarget(settings: Pick<ProviderConfig, 'kubeconfig' | 'context' | 'cluster'>): Target {
  const config = load(settings.kubeconfig);
  const names = config.contexts.map(({ name }) => `"${name}"`).join(', ') || 'none';
  const contextName = settings.context ?? config.currentContext;
  const context = config.contexts.find(({ name }) => name === contextName);
  if (!context) {
    if (contextName === '') {
      throw new Error(
        'the kubeconfig has no current context; set `context` on the provider, or a current context',
      );
    }
    throw new Error(`the kubeconfig has no context "${contextName}"; it has ${names}`);
  }
  const clusterName = settings.cluster ?? context.cluster;
  const cluster = config.clusters.find(({ name }) => name === clusterName);
  if (!cluster) throw new Error(`the kubeconfig has no cluster "${clusterName}"`);
  const user = config.users.find(({ name }) => name === context.user);
  return { contextName, namespace: context.namespace || undefined, cluster, user };
}

function load(given: string | undefined): Kubeconfig {
  try {
    if (given === undefined) return defaultPaths().map(readKubeconfig).reduce(merge);
    const path = given.replace(/^~(?=$|\/)/, homedir());
    if (existsSync(path)) return readKubeconfig(path);
    if (!given.includes('\n') && !given.trimStart().startsWith('{'))
      throw new Error(`there is no file ${path}`);
    return parseKubeconfig(given, process.cwd());
  } catch (error) {
    throw new Error(`cannot read the kubeconfig: ${(error as Error).message}`, { cause: error });
  }
}

function defaultPaths(): string[] {
  const listed = (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  const paths = (listed.length > 0 ? listed : [resolve(homedir(), '.kube/config')]).filter((path) =>
    existsSync(path),
  );
  if (paths.length > 0) return paths;
  throw new Error(
    listed.length > 0
      ? `there is no file ${listed.join(', ')}, which KUBECONFIG names`
      : 'there is none: set `kubeconfig` on the provider, or KUBECONFIG, or make ~/.kube/config',
  );
}

function readKubeconfig(path: string): Kubeconfig {
  return parseKubeconfig(readFileSync(path, 'utf8'), dirname(path));
}

function parseKubeconfig(text: string, folder: string): Kubeconfig {
  const document: unknown = parse(text);
  if (typeof document !== 'object' || document === null) throw new Error('it is no YAML or JSON object');
  const fields = document as Record<string, unknown>;
  const absolute = (path: string | undefined): string | undefined =>
    path ? resolve(folder, path) : undefined;
  const current = fields['current-context'];
  return {
    clusters: newClusters(fields['clusters']).map((cluster) =>
      withPaths(cluster, { caFile: absolute(cluster.caFile) }),
    ),
    users: newUsers(fields['users']).map((user) =>
      withPaths(user, { certFile: absolute(user.certFile), keyFile: absolute(user.keyFile) }),
    ),
    contexts: newContexts(fields['contexts']),
    currentContext: typeof current === 'string' ? current : '',
  };
}

function withPaths<T extends object>(entry: T, paths: Record<string, string | undefined>): T {
  const set = Object.entries(paths).filter(([, path]) => path !== undefined);
  return { ...entry, ...Object.fromEntries(set) };
}

/** Of several files the first that names a thing counts, as with kubectl. */
function merge(first: Kubeconfig, second: Kubeconfig): Kubeconfig {
  return {
    clusters: [...first.clusters, ...second.clusters],
    users: [...first.users, ...second.users],
    contexts: [...first.contexts, ...second.contexts],
    currentContext: first.currentContext || second.currentContext,
  };
}
