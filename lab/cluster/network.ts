import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { execa } from 'execa';
import { hosts, lan, nodes, type LabMachine, type LabNode } from './nodes';

/**
 * Allowed in every namespace of every kernel. BBR, where it is the machine's own, sets a timer for every packet, which
 * costs a tenth of the CPU here.
 */
export const congestionControl = 'reno';

/**
 * Makes the LAN and a namespace on it for every machine. There is no way out of it: every route ends on the LAN. The
 * bridge is in a namespace of its own, where this machine's packet filter does not look at what passes it.
 */
export async function networkUp(): Promise<void> {
  const { name, driverInterface, address, prefix } = lan;
  await ip('netns', 'add', name);
  await inside(name, 'link', 'add', name, 'type', 'bridge');
  await inside(name, 'link', 'set', name, 'up');
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', driverInterface, 'netns', name);
  await inside(name, 'link', 'set', driverInterface, 'master', name, 'up');
  await ip('address', 'add', `${address}/${prefix}`, 'dev', name);
  await ip('link', 'set', name, 'up');
  for (const machine of [...nodes, ...hosts]) await namespaceUp(machine);
  for (const [index, node] of nodes.entries()) {
    await podRoutesUp(node);
    await receiveOn(node, index % availableParallelism());
  }
}

async function namespaceUp({ namespace, lanInterface, address }: LabMachine): Promise<void> {
  await ip('netns', 'add', namespace);
  await inside(
    lan.name,
    ...['link', 'add', lanInterface, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace],
  );
  await inside(lan.name, 'link', 'set', lanInterface, 'master', lan.name, 'up');
  await inside(namespace, 'link', 'set', 'lo', 'up');
  await inside(namespace, 'address', 'add', `${address}/${lan.prefix}`, 'dev', 'eth0');
  await inside(namespace, 'link', 'set', 'eth0', 'up');
  // The kernel wants a route before it translates a Service's address; this one leads nowhere else.
  await inside(namespace, 'route', 'add', 'default', 'dev', 'eth0');
  await sysctl(namespace, `net.ipv4.tcp_congestion_control=${congestionControl}`);
}

/** Pods of different nodes reach each other. */
async function podRoutesUp({ namespace, address }: LabNode): Promise<void> {
  for (const other of nodes.filter((node) => node.address !== address)) {
    await inside(namespace, 'route', 'add', other.podRange, 'via', other.address);
  }
  await sysctl(namespace, 'net.ipv4.ip_forward=1');
}

/**
 * All that a node receives is handled by one CPU, as where the network card has one queue. Two that masquerade at the
 * same time may choose the same port; the kernel then drops one of the connections' first packets, and its sender tries
 * again a second later (about one in half a million connections here).
 */
async function receiveOn({ namespace }: LabNode, cpu: number): Promise<void> {
  const file = '/sys/class/net/eth0/queues/rx-0/rps_cpus';
  // The mount is the command's own.
  const script = `mount -o remount,rw /sys && echo ${(1 << cpu).toString(16)} > ${file}`;
  await ip('netns', 'exec', namespace, 'sh', '-c', script);
}

/** Takes away whatever of the network is there; an interface goes with the namespace at either of its ends. */
export async function networkDown(): Promise<void> {
  if (existsSync(`/sys/class/net/${lan.name}`)) await ip('link', 'delete', lan.name);
  for (const namespace of [...[...nodes, ...hosts].map((machine) => machine.namespace), lan.name]) {
    if (existsSync(`/run/netns/${namespace}`)) await ip('netns', 'delete', namespace);
  }
}

async function sysctl(namespace: string, setting: string): Promise<void> {
  await execa('nsenter', [`--net=/run/netns/${namespace}`, 'sysctl', '-q', '-w', setting]);
}

function inside(namespace: string, ...args: string[]): Promise<void> {
  return ip('-netns', namespace, ...args);
}

async function ip(...args: string[]): Promise<void> {
  await execa('ip', args);
}
