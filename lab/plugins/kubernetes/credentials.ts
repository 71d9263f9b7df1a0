import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
import type { Target } from './kubeconfig';

/** Adds to a request what proves who asks, and what proves that the server is the right one. */
export type Authenticate = (options: RequestOptions) => Promise<void>;

/**
 * How to ask a target. Certificates, tokens, passwords and `exec` programs are served here; proxies and the old
 * `auth-provider`s by the whole of the client library, which takes a third of a second to load.
 */
export function authenticatorFor(target: Target): Authenticate {
  const { cluster, user } = target;
  if (user?.authProvider || cluster.proxyUrl) return wholeLibrary(target);
  const ca = dataOrFile(cluster.caData, cluster.caFile);
  const cert = dataOrFile(user?.certData, user?.certFile);
  const key = dataOrFile(user?.keyData, user?.keyFile);
  const exec = user?.exec ? new ExecAuth() : undefined;
  return async (options) => {
    options.headers = {
      ...(options.headers as Record<string, string> | undefined),
      ...(user?.impersonateUser ? { 'Impersonate-User': user.impersonateUser } : {}),
    };
    if (cluster.skipTLSVerify) options.rejectUnauthorized = false;
    if (cluster.tlsServerName) options.servername = cluster.tlsServerName;
    if (ca) options.ca = ca;
    if (cert) options.cert = cert;
    if (key) options.key = key;
    if (user?.username) options.auth = `${user.username}:${user.password ?? ''}`;
    if (user && exec) await exec.applyAuthentication(user, options);
    if (user?.token) options.headers = { ...options.headers, Authorization: `Bearer ${user.token.trim()}` };
  };
}

function wholeLibrary({ cluster, user, contextName }: Target): Authenticate {
  const loaded = import('@kubernetes/client-node/dist/config.js').then(({ KubeConfig }) => {
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [cluster],
      users: user ? [user] : [],
      contexts: [{ name: contextName, cluster: cluster.name, user: user?.name ?? '' }],
      currentContext: contextName,
    });
    return config;
  });
  return async (options) => {
    await (await loaded).applyToHTTPSOptions(options);
  };
}

function dataOrFile(data: string | undefined, file: string | undefined): Buffer | undefined {
  if (data) return Buffer.from(data, 'base64');
  return file ? readFileSync(file) : undefined;
}
