import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { CertificateAuthority, KeyPair } from './certificates';
import { apiServer } from './nodes';

/** Name of the only context of the lab's kubeconfigs. */
export const contextName = 'casper-lab';

/** Writes a kubeconfig by which one user reaches the lab's API server. */
export function writeKubeconfig(file: string, authority: CertificateAuthority, user: KeyPair): void {
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: contextName,
        cluster: { server: apiServer, 'certificate-authority-data': base64(authority.pem) },
      },
    ],
    users: [
      {
        name: contextName,
        user: {
          'client-certificate-data': base64(user.certificate),
          'client-key-data': base64(user.key),
        },
      },
    ],
    contexts: [{ name: contextName, context: { cluster: contextName, user: contextName } }],
    'current-context': contextName,
  };
  writeFileSync(file, stringify(kubeconfig), { mode: 0o600 });
}
