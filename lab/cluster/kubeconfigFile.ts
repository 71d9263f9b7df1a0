import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { stateDirectory } from '../places';
import type { CertificateAuthority, KeyPair, Subject } from './certificates';
import { apiServer } from './nodes';

/** Name of the only context of the lab's kubeconfigs. */
export const contextName = 'casper-lab';

/** Issues a user of the API server and writes its kubeconfig. */
export async function issueUser(
  authority: CertificateAuthority,
  subject: Subject,
): Promise<{ kubeconfig: string; keys: KeyPair }> {
  const directory = path.join(stateDirectory, 'kubeconfigs');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const kubeconfig = path.join(directory, subject.name);
  const keys = await authority.issue(subject);
  writeKubeconfig(kubeconfig, authority, keys);
  return { kubeconfig, keys };
}

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
