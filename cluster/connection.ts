import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { ConfigurationOptions } from '@kubernetes/client-node';
import { soleCluster } from '../stack/clusters';
import { ApiException, KubeConfig, Observable, VersionApi } from './client';

/** Where a cluster is found: a context of a kubeconfig, kubectl's own when absent. */
export interface ClusterPlace {
  readonly context: string;
  readonly kubeconfig?: string | undefined;
  /** The one of casper:clusters that it is; absent for the only one, casper:cluster. */
  readonly name?: string;
}

/** Where the stack file names it, for messages. */
function keyOf({ name }: ClusterPlace): string {
  return name === undefined || name === soleCluster ? 'casper:cluster' : `casper:clusters.${name}`;
}

/** A cluster that the stack file names cannot be used; nothing was asked of any other. */
export class ClusterError extends Error {
  override readonly name = 'ClusterError';
}

/**
 * The kubeconfig with the context of a cluster as its current one.
 * @throws ClusterError when there is no such file or context
 */
export function kubeConfigOf(cluster: ClusterPlace): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (cluster.kubeconfig !== undefined) {
    if (!existsSync(cluster.kubeconfig)) {
      throw new ClusterError(
        `${keyOf(cluster)}.kubeconfig: ${cluster.kubeconfig} does not exist; correct the path`,
      );
    }
    kubeConfig.loadFromFile(cluster.kubeconfig);
  } else {
    const named = process.env['KUBECONFIG']?.split(path.delimiter) ?? [];
    const missing = named.find((file) => file !== '' && !existsSync(file));
    if (missing !== undefined) {
      throw new ClusterError(
        `KUBECONFIG names ${missing}, which does not exist; correct it, or name the file in ${keyOf(cluster)}.kubeconfig`,
      );
    }
    kubeConfig.loadFromDefault();
  }
  if (!kubeConfig.getContextObject(cluster.context)) {
    assertDefaultKubeconfig(cluster);
    const known = kubeConfig.getContexts().map(({ name }) => name);
    throw new ClusterError(
      `${keyOf(cluster)}.context: no context ${cluster.context} in ${cluster.kubeconfig ?? process.env['KUBECONFIG'] ?? '~/.kube/config'} ` +
        `(it has: ${known.join(', ') || 'none'}); correct the context, set KUBECONFIG, ` +
        'or run inside `casper lab exec` when the lab is meant',
    );
  }
  kubeConfig.setCurrentContext(cluster.context);
  return kubeConfig;
}

/** Inside a cluster there may be none: then the context of the pod's own account has been found already. */
function assertDefaultKubeconfig(cluster: ClusterPlace): void {
  if (cluster.kubeconfig !== undefined || process.env['KUBECONFIG']) return;
  const file = path.join(process.env['HOME'] ?? homedir(), '.kube', 'config');
  if (!existsSync(file)) {
    throw new ClusterError(
      `There is no kubeconfig: ${file} does not exist; set KUBECONFIG, name a file in casper:cluster.kubeconfig, ` +
        'or run inside `casper lab exec` when the lab is meant',
    );
  }
}

/**
 * Options by which a request to the API server is given up after some time, or when a signal says so; the client itself
 * would wait on.
 */
export function within(milliseconds: number, cancel?: AbortSignal): ConfigurationOptions {
  return {
    middlewareMergeStrategy: 'append',
    middleware: [
      {
        pre: (request) => {
          request.setSignal(
            AbortSignal.any([AbortSignal.timeout(milliseconds), ...(cancel ? [cancel] : [])]),
          );
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
  };
}

/**
 * Asks the API server for its version, once.
 * @throws ClusterError when it does not answer in time, or to whom the kubeconfig names
 */
export async function assertReachable(kubeConfig: KubeConfig, withinMs = 10_000): Promise<void> {
  const server = kubeConfig.getCurrentCluster()?.server ?? 'an unknown address';
  const place = `${server} (context ${kubeConfig.getCurrentContext()})`;
  try {
    await kubeConfig.makeApiClient(VersionApi).getCode({}, within(withinMs));
  } catch (error) {
    if (error instanceof ApiException && error.code === 401) {
      throw new ClusterError(
        `The API server at ${place} does not know who asks (401)${expiry(kubeConfig)}. ` +
          'Nothing was changed there. Log in again, or renew the credentials in the kubeconfig.',
      );
    }
    throw new ClusterError(
      `No API server answers at ${place}: ${reasonOf(error)}. ` +
        'Nothing was changed there. Start the cluster (`casper lab up` for the lab) or correct the stack file.',
    );
  }
}

/** That the client's certificate is out of date, where it is; of tokens nobody but their issuer knows. */
function expiry(kubeConfig: KubeConfig): string {
  const { certData, certFile } = kubeConfig.getCurrentUser() ?? {};
  try {
    const pem = certData === undefined ? certFile && readFileSync(certFile) : Buffer.from(certData, 'base64');
    if (!pem) return '';
    const { validTo } = new X509Certificate(pem);
    return Date.parse(validTo) < Date.now() ? `: the certificate of the client ended at ${validTo}` : '';
  } catch {
    // No certificate: the API server has said already what it thinks of it.
    return '';
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause: unknown = error.cause;
  return cause instanceof Error
    ? cause.message || (cause as NodeJS.ErrnoException).code || error.message
    : error.message;
}
