import { manifestFiles } from './cluster/manifests';
import { nodes } from './cluster/nodes';

/** Where a region is in the lab; the form of an entry of casper:regions. */
export interface LabRegion {
  readonly name: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly loadBalancer: { readonly address: string; readonly port: number };
}

const firstPort = 8081;

/**
 * Spreads regions over the lab's nodes, in order, as many on each as need be. Regions of one node share an address of
 * the LAN that is no node's, on ports of their own, as in the reference.
 */
export function labRegions(names: readonly string[]): LabRegion[] {
  const perNode = Math.ceil(names.length / nodes.length);
  return names.map((name, index) => {
    const node = Math.floor(index / perNode);
    return {
      name,
      nodeSelector: { 'kubernetes.io/hostname': nodes[node]?.name ?? '' },
      loadBalancer: { address: `192.168.245.${201 + node}`, port: firstPort + (index % perNode) },
    };
  });
}

/** What a stack installs in the lab; the form of casper:platform. */
export const labPlatform = {
  metalLb: { manifest: manifestFiles.metalLb },
  // The lab's kubelets serve with certificates of the lab's own authority, which metrics-server does not know.
  metricsServer: { manifest: manifestFiles.metricsServer, extraArgs: ['--kubelet-insecure-tls'] },
};
