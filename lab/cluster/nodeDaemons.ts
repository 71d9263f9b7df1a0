import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import { LabError } from '../labError';
import { pauseImage } from '../images/labImages';
import type { CertificateAuthority } from './certificates';
import { podsCgroupOf } from './cgroups';
import type { LabCluster } from './clusters';
import { startDaemon, waitFor } from './daemons';
import { issueUser } from './kubeconfigFile';
import { congestionControl } from './network';
import { dnsAddress, podRange, type LabNode } from './nodes';

/**
 * What the lab's pods set of their own network. kiwix-serve closes the connection after every answer, so it is the pod
 * that keeps each in TIME_WAIT for 60 s. kube-proxy gives requests from outside the node's address and one of 64,512
 * ports: from some 500 a second on, it takes a port that the pod still holds, for a connection whose timestamps are
 * another host's, and the pod drops the SYN, which comes again only after 1 s (PAWSTimewait in /proc/net/netstat).
 */
export const podSysctls = {
  'net.ipv4.tcp_max_tw_buckets': '0',
  'net.ipv4.tcp_congestion_control': congestionControl,
};

const socketOf = ({ directory }: LabNode): string => path.join(directory, 'containerd.sock');

/** Starts a node's containerd and gives it the images. Needs no API server. */
export async function startContainerd(node: LabNode, archives: readonly string[]): Promise<void> {
  const networkDirectory = path.join(node.directory, 'cni');
  mkdirSync(networkDirectory, { recursive: true });
  writeFileSync(path.join(networkDirectory, '10-casper-lab.conflist'), podNetwork(node));
  const configFile = path.join(node.directory, 'containerd.toml');
  writeFileSync(configFile, containerdConfig(node, networkDirectory));
  const name = `containerd-${node.name}`;
  // Nothing can be pulled: an image that is not there is refused at once, by a port that nobody listens on.
  const nowhere = 'http://127.0.0.1:1';
  await startDaemon({
    name,
    machine: node,
    command: ['containerd', `--config=${configFile}`],
    env: { HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere },
  });
  const ctr = ['ctr', `--address=${socketOf(node)}`, '--namespace=k8s.io'] as const;
  await waitFor('containerd answers', name, [...ctr, 'version']);
  for (const archive of archives) {
    const { failed, stderr } = await execa(ctr[0], [...ctr.slice(1), 'images', 'import', archive], {
      reject: false,
    });
    if (failed)
      throw new LabError(`containerd does not take ${archive}: ${stderr}; remove the file and run up again`);
  }
}

/** Where every kubelet of a machine listens for device plugins: it does not let one choose. */
const pluginSocket = '/var/lib/kubelet/device-plugins/kubelet.sock';

/**
 * Starts a node's kubelet and kube-proxy. No two may be started at the same time: each kubelet takes the plugin socket
 * from the one before, and ends where another has just bound it.
 */
export async function startKubelet(
  cluster: LabCluster,
  node: LabNode,
  tools: ReadonlyMap<string, string>,
  authority: CertificateAuthority,
): Promise<void> {
  const { kubeconfig, keys } = await issueUser(cluster, authority, {
    name: node.name,
    commonName: `system:node:${node.name}`,
    organization: 'system:nodes',
    dnsNames: [node.name],
    addresses: [node.address],
  });
  const kubeletConfig = path.join(node.directory, 'kubelet.yaml');
  writeFileSync(
    kubeletConfig,
    stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: authority.file },
      },
      authorization: { mode: 'Webhook' },
      tlsCertFile: keys.certificateFile,
      tlsPrivateKeyFile: keys.keyFile,
      containerRuntimeEndpoint: `unix://${socketOf(node)}`,
      cgroupDriver: 'cgroupfs',
      cgroupRoot: podsCgroupOf(node.name),
      podLogsDir: path.join(node.directory, 'pod-logs'),
      // There is no DNS in the lab; kubelet warns at every pod unless it is told of one.
      clusterDNS: [dnsAddress],
      resolvConf: '',
      allowedUnsafeSysctls: Object.keys(podSysctls),
      failCgroupV1: false,
      failSwapOn: false,
      localStorageCapacityIsolation: false,
      // The disk of the machine is not the lab's to guard.
      imageGCHighThresholdPercent: 100,
      evictionHard: {
        'memory.available': '0%',
        'nodefs.available': '0%',
        'nodefs.inodesFree': '0%',
        'imagefs.available': '0%',
      },
    }),
  );
  const name = `kubelet-${node.name}`;
  await startDaemon({
    name,
    machine: node,
    command: [
      tools.get('kubelet') ?? 'kubelet',
      `--config=${kubeletConfig}`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${path.join(node.directory, 'kubelet')}`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.address}`,
      // How often every cgroup is read for `kubectl top`.
      '--housekeeping-interval=30s',
    ],
  });
  await waitFor(`${name} listens for plugins`, name, ['test', pluginSocket, '-nt', kubeletConfig]);

  const proxy = await issueUser(cluster, authority, {
    name: `kube-proxy-${node.name}`,
    commonName: 'system:kube-proxy',
  });
  const proxyConfig = path.join(node.directory, 'kube-proxy.yaml');
  writeFileSync(
    proxyConfig,
    stringify({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      clientConnection: { kubeconfig: proxy.kubeconfig },
      mode: 'iptables',
      clusterCIDR: podRange,
      hostnameOverride: node.name,
      // The connection tracking limits are the whole machine's: leave them alone.
      conntrack: { maxPerCore: 0, min: 0 },
    }),
  );
  await startDaemon({
    name: `kube-proxy-${node.name}`,
    machine: node,
    command: [tools.get('kube-proxy') ?? 'kube-proxy', `--config=${proxyConfig}`],
  });
}

function podNetwork({ name, podRange: subnet, directory }: LabNode): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name,
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: path.join(directory, 'pod-addresses'),
        },
      },
    ],
  });
}

function containerdConfig(node: LabNode, networkDirectory: string): string {
  const { directory } = node;
  return `version = 2
root = "${directory}/containerd"
state = "${directory}/containerd-state"
[grpc]
  address = "${socketOf(node)}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Where the lab itself may not lower a process's oom score, runc fails unless it is asked for no lower one.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${networkDirectory}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "${directory}/runc"
`;
}
