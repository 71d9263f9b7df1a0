import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { hosts, lan, nodes, type LabMachine, type LabNode } from './nodes';

/** Makes the LAN and a namespace on it for every machine. There is no way out of it: every route ends on the LAN. */
export async function networkUp(): Promise<void> {
  await ip('link', 'add', lan.bridge, 'type', 'bridge');
  await ip('address', 'add', `${lan.address}/${lan.prefix}`, 'dev', lan.bridge);
  await ip('link', 'set', lan.bridge, 'up');
  for (const machine of [...nodes, ...hosts]) await namespaceUp(machine);
  for (const node of nodes) await podRoutesUp(node);
}

async function namespaceUp({ namespace, hostInterface, address }: LabMachine): Promise<void> {
  const inside = (...args: string[]): Promise<void> => ip('-netns', namespace, ...args);
  await ip('netns', 'add', namespace);
  await ip('link', 'add', hostInterface, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await ip('link', 'set', hostInterface, 'master', lan.bridge, 'up');
  await inside('link', 'set', 'lo', 'up');
  await inside('address', 'add', `${address}/${lan.prefix}`, 'dev', 'eth0');
  await inside('link', 'set', 'eth0', 'up');
  // The kernel wants a route before it translates a Service's address; this one leads nowhere else.
  await inside('route', 'add', 'default', 'dev', 'eth0');
}

/** Pods of different nodes reach each other. */
async function podRoutesUp({ namespace, address }: LabNode): Promise<void> {
  for (const other of nodes.filter((node) => node.address !== address)) {
    await ip('-netns', namespace, 'route', 'add', other.podRange, 'via', other.address);
  }
  await execa('nsenter', [`--net=/run/netns/${namespace}`, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1']);
}

/** Takes away whatever of the network is there. */
export async function networkDown(): Promise<void> {
  for (const { namespace, hostInterface } of [...nodes, ...hosts]) {
    // The interface first: a namespace that is deleted takes its own away some moments later.
    if (existsSync(`/sys/class/net/${hostInterface}`)) await ip('link', 'delete', hostInterface);
    if (existsSync(`/run/netns/${namespace}`)) await ip('netns', 'delete', namespace);
  }
  if (existsSync(`/sys/class/net/${lan.bridge}`)) await ip('link', 'delete', lan.bridge);
}

async function ip(...args: string[]): Promise<void> {
  await execa('ip', args);
}
