import path from 'node:path';
import { manifestFiles } from './cluster/manifests';
import { clustersUp } from './cluster/clusters';
import { hosts, nodes } from './cluster/nodes';
import { podSysctls } from './cluster/nodeDaemons';
import { clientKeyFile, hostKey } from './cluster/sshServers';
import { stateDirectory } from './places';
import { goToolPath } from './tools/goTools';

/** Where a region is in the lab; the form of an entry of casper:regions. */
export interface LabRegion {
  readonly name: string;
  /** Where the lab has several. */
  readonly cluster?: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly failureDomain: string;
  readonly loadBalancer: { readonly address: string; readonly port: number };
  readonly traefik: {
    readonly host: string;
    readonly entryPointPort: number;
    readonly metricsPort: number;
    readonly apiPort: number;
  };
}

/**
 * Spreads regions over the lab's nodes, in order, as many on each as need be. Regions of one node share an address of
 * the LAN that is no node's, on ports of their own, as in the reference. Every region's Traefik is on a host of its
 * own, as long as there are hosts.
 */
export function labRegions(names: readonly string[]): LabRegion[] {
  const clusters = clustersUp();
  const perNode = Math.ceil(names.length / nodes.length);
  return names.map((name, index) => {
    const node = Math.floor(index / perNode);
    const round = Math.floor(index / hosts.length);
    const cluster = clusters.find((candidate) => candidate.nodes.some((own) => own === nodes[node]));
    return {
      name,
      ...(clusters.length > 1 && cluster && { cluster: cluster.name }),
      nodeSelector: { 'kubernetes.io/hostname': nodes[node]?.name ?? '' },
      failureDomain: nodes[node]?.name ?? '',
      loadBalancer: { address: `192.168.245.${201 + node}`, port: 8081 + (index % perNode) },
      traefik: {
        host: hosts[index % hosts.length]?.name ?? '',
        entryPointPort: 8000 + round,
        metricsPort: 8100 + round,
        apiPort: 8200 + round,
      },
    };
  });
}

/** What else is particular to a stack in the lab: its clusters, what it installs there, and the hosts of the request path. */
export function labSettings(): { keys: string[]; value: unknown }[] {
  const platform = {
    metalLb: { manifest: manifestFiles.metalLb },
    // The lab's kubelets serve with certificates of the lab's own authority, which metrics-server does not know.
    metricsServer: { manifest: manifestFiles.metricsServer, extraArgs: ['--kubelet-insecure-tls'] },
  };
  const clusters = clustersUp().map(({ name }) => ({ name, context: name }));
  const [only] = clusters;
  return [
    ...(clusters.length === 1
      ? [{ keys: ['casper:cluster'], value: { context: only?.name } }]
      : [
          { keys: ['casper:clusters'], value: clusters },
          { keys: ['casper:cluster'], value: undefined },
        ]),
    { keys: ['casper:platform'], value: platform },
    { keys: ['casper:service', 'sysctls'], value: podSysctls },
    { keys: ['casper:hosts'], value: labHosts() },
  ];
}

function labHosts(): object[] {
  return hosts.map(({ name, address }, index) => ({
    name,
    address,
    ssh: { privateKeyFile: clientKeyFile, hostKey: hostKey() },
    folder: path.join(stateDirectory, 'hosts', name),
    traefik: goToolPath('traefik', 'traefik'),
    ...(index === 0 ? { prometheus: { program: '/usr/bin/prometheus', port: 9090 } } : {}),
  }));
}
