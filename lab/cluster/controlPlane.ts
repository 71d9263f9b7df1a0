import path from 'node:path';
import { CertificateAuthority, serviceAccountKeys } from './certificates';
import { daemonOf, type LabCluster } from './clusters';
import { startDaemon, waitFor } from './daemons';
import { issueUser, writeKubeconfig, type ClusterAccess } from './kubeconfigFile';
import { apiServiceAddress, podRange, serviceRange } from './nodes';

const etcdAddress = 'http://127.0.0.1:2379';

/** kubeconfig of a cluster's administrator. */
export function adminKubeconfigOf({ directory }: LabCluster): string {
  return path.join(directory, 'kubeconfig');
}

/** Starts etcd, the API server, the controller manager and the scheduler of a cluster. */
export async function startControlPlane(
  cluster: LabCluster,
  tools: ReadonlyMap<string, string>,
  authority: CertificateAuthority,
): Promise<ClusterAccess> {
  const { directory, nodes } = cluster;
  const [node] = nodes;
  const pki = path.dirname(authority.file);
  const tool = (name: string): string => tools.get(name) ?? name;

  await startDaemon({
    name: daemonOf(cluster, 'etcd'),
    machine: node,
    command: [
      'etcd',
      `--data-dir=${path.join(directory, 'etcd')}`,
      `--listen-client-urls=${etcdAddress}`,
      `--advertise-client-urls=${etcdAddress}`,
      '--listen-peer-urls=http://127.0.0.1:2380',
      // There are no peers to tell ten times a second that it lives.
      '--heartbeat-interval=500',
      '--election-timeout=5000',
    ],
  });

  const server = await authority.issue({
    name: 'kube-apiserver',
    commonName: 'kube-apiserver',
    dnsNames: ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'],
    addresses: [node.address, apiServiceAddress, '127.0.0.1'],
  });
  const kubeletClient = await authority.issue({
    name: 'apiserver-kubelet-client',
    commonName: 'apiserver-kubelet-client',
    organization: 'system:masters',
  });
  const aggregation = await CertificateAuthority.create('front-proxy-ca', pki);
  const aggregator = await aggregation.issue({ name: 'front-proxy', commonName: 'front-proxy' });
  const accounts = await serviceAccountKeys(pki);
  await startDaemon({
    name: daemonOf(cluster, 'kube-apiserver'),
    machine: node,
    command: [
      tool('kube-apiserver'),
      `--etcd-servers=${etcdAddress}`,
      `--advertise-address=${node.address}`,
      '--secure-port=6443',
      `--service-cluster-ip-range=${serviceRange}`,
      '--authorization-mode=Node,RBAC',
      '--allow-privileged=true',
      `--client-ca-file=${authority.file}`,
      `--tls-cert-file=${server.certificateFile}`,
      `--tls-private-key-file=${server.keyFile}`,
      `--kubelet-client-certificate=${kubeletClient.certificateFile}`,
      `--kubelet-client-key=${kubeletClient.keyFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${accounts.publicFile}`,
      `--service-account-signing-key-file=${accounts.privateFile}`,
      // The aggregation layer: without these metrics-server runs but never serves.
      `--requestheader-client-ca-file=${aggregation.file}`,
      '--requestheader-allowed-names=front-proxy',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${aggregator.certificateFile}`,
      `--proxy-client-key-file=${aggregator.keyFile}`,
    ],
  });

  const kubeconfigOf = async (name: string): Promise<string> =>
    (await issueUser(cluster, authority, { name, commonName: `system:${name}` })).kubeconfig;
  const admin = await authority.issue({ name: 'admin', commonName: 'admin', organization: 'system:masters' });
  const access = { cluster, authority, user: admin };
  writeKubeconfig(adminKubeconfigOf(cluster), [access]);
  await startDaemon({
    name: daemonOf(cluster, 'kube-controller-manager'),
    machine: node,
    command: [
      tool('kube-controller-manager'),
      `--kubeconfig=${await kubeconfigOf('kube-controller-manager')}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--root-ca-file=${authority.file}`,
      `--service-account-private-key-file=${accounts.privateFile}`,
      `--cluster-cidr=${podRange}`,
    ],
  });
  await startDaemon({
    name: daemonOf(cluster, 'kube-scheduler'),
    machine: node,
    command: [
      tool('kube-scheduler'),
      `--kubeconfig=${await kubeconfigOf('kube-scheduler')}`,
      '--leader-elect=false',
    ],
  });
  await waitFor('the API server is ready', daemonOf(cluster, 'kube-apiserver'), [
    tool('kubectl'),
    `--kubeconfig=${adminKubeconfigOf(cluster)}`,
    'get',
    '--raw=/readyz',
  ]);
  return access;
}
