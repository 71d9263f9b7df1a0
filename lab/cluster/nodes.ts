import path from 'node:path';
import { stateDirectory } from '../places';

/** A machine of the lab: a network namespace on the lab's LAN. */
export interface LabMachine {
  readonly name: string;
  /** Name of its network namespace, as `ip netns` lists it. */
  readonly namespace: string;
  /** The LAN's end of its veth pair; 15 characters at most. */
  readonly lanInterface: string;
  readonly address: string;
}

/** A node, with a kubelet and a containerd of its own. */
export interface LabNode extends LabMachine {
  /** Addresses of its pods, as CIDR. */
  readonly podRange: string;
  readonly directory: string;
}

/**
 * The LAN: a namespace, the bridge in it, and the interface that this machine itself has on it, all of one name. So
 * whatever drives the lab from here reaches the API server.
 */
export const lan = {
  name: 'casper-lan',
  /** The bridge's end of this machine's own veth pair. */
  driverInterface: 'casper-driver',
  address: '192.168.245.254',
  prefix: 24,
};

/** The Services' range, and the addresses in it that Kubernetes gives to the API server and, by custom, to DNS. */
export const serviceRange = '10.96.0.0/16';
export const apiServiceAddress = '10.96.0.1';
export const dnsAddress = '10.96.0.10';
export const podRange = '10.244.0.0/16';

const nodeCount = 3;

export const nodes: readonly LabNode[] = Array.from({ length: nodeCount }, (_, index) => {
  const name = `casper-lab-${index + 1}`;
  return {
    name,
    namespace: name,
    lanInterface: `casper-${index + 1}`,
    address: `192.168.245.${index + 1}`,
    podRange: `10.244.${index + 1}.0/24`,
    directory: path.join(stateDirectory, name),
  };
});

const hostCount = 6;

/** Machines outside the cluster, reached by ssh, for load balancers and what watches them. */
export const hosts: readonly LabMachine[] = Array.from({ length: hostCount }, (_, index) => {
  const name = `casper-host-${index + 1}`;
  return {
    name,
    namespace: name,
    lanInterface: `casper-h${index + 1}`,
    address: `192.168.245.${101 + index}`,
  };
});
