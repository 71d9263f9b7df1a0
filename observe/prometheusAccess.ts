import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { prometheusPassword } from '../stack/prometheusPassword';
import { StackConfigError } from '../stack/stackConfig';
import type { Watcher } from '../stack/requestPath';
import type { PrometheusAt } from './prometheus';

/**
 * How a stack's Prometheus is asked, with what it takes to be let in.
 * @throws StackConfigError where the authority's file or the password is not there
 */
export function prometheusAt(
  { host, url, tls, login }: Watcher,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): PrometheusAt {
  if (!tls) return url;
  const authority = tls.authorityFile === undefined ? undefined : authorityIn(tls.authorityFile, host.name);
  return {
    url,
    authority,
    login: login && { user: login.user, password: prometheusPassword({ host, login }, environment) },
  };
}

function authorityIn(file: string, host: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    // What is no certificate would be told only as a connection that fails.
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw new StackConfigError(
      `casper:hosts.${host}.prometheus.tls.authorityFile: ${file} holds no certificate that can be read (${(error as Error).message}); expected one in PEM`,
    );
  }
}
