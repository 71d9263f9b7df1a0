import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { CertificateAuthority, KeyPair, Subject } from './certificates';
import { apiServerOf, type LabCluster } from './clusters';

/** By which somebody reaches a cluster. */
export interface ClusterAccess {
  readonly cluster: LabCluster;
  readonly authority: CertificateAuthority;
  readonly user: KeyPair;
}

/** Issues a user of a cluster's API server and writes its kubeconfig. */
export async function issueUser(
  cluster: LabCluster,
  authority: CertificateAuthority,
  subject: Subject,
): Promise<{ kubeconfig: string; keys: KeyPair }> {
  const directory = path.join(cluster.directory, 'kubeconfigs');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const kubeconfig = path.join(directory, subject.name);
  const keys = await authority.issue(subject);
  writeKubeconfig(kubeconfig, [{ cluster, authority, user: keys }]);
  return { kubeconfig, keys };
}

/** Writes a kubeconfig with a context, of the cluster's name, for each; the first is the current one. */
export function writeKubeconfig(file: string, accesses: readonly ClusterAccess[]): void {
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: accesses.map(({ cluster, authority }) => ({
      name: cluster.name,
      cluster: { server: apiServerOf(cluster), 'certificate-authority-data': base64(authority.pem) },
    })),
    users: accesses.map(({ cluster, user }) => ({
      name: cluster.name,
      user: {
        'client-certificate-data': base64(user.certificate),
        'client-key-data': base64(user.key),
      },
    })),
    contexts: accesses.map(({ cluster: { name } }) => ({ name, context: { cluster: name, user: name } })),
    'current-context': accesses[0]?.cluster.name,
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
}
