import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { labImages } from '../images/labImages';
import { LabError } from '../labError';
import { adminKubeconfig, stateDirectory } from '../places';
import type { Step } from '../step';
import { debianPackages, hostPackages, labPackages } from '../tools/debianPackages';
import { goToolList } from '../tools/goToolList';
import { goTools } from '../tools/goTools';
import { ownKubernetesPlugin, pluginNotice } from '../tools/kubernetesPlugin';
import { CertificateAuthority } from './certificates';
import { cgroupsDown, cgroupsUp } from './cgroups';
import { clustersUp, daemonOf, labClusters, noteClusters, type LabCluster } from './clusters';
import { adminKubeconfigOf, startControlPlane } from './controlPlane';
import { daemonStates, waitFor } from './daemons';
import { writeKubeconfig } from './kubeconfigFile';
import { withLabLock } from './lock';
import { platformManifests } from './manifests';
import { networkDown, networkUp } from './network';
import { startContainerd, startKubelet } from './nodeDaemons';
import { nodes } from './nodes';
import { startSshServers } from './sshServers';

/** What of the lab is there. */
export interface LabStatus {
  /** Whether everything that `up` starts is running. */
  readonly up: boolean;
  /** Names of its clusters, and of their contexts. */
  readonly clusters: readonly string[];
  readonly daemons: readonly { readonly name: string; readonly pid: number; readonly running: boolean }[];
}

/** Written last by `up`: a lab without it was never finished. */
const finishedMarker = path.join(stateDirectory, 'finished');

export function labStatus(): LabStatus {
  const daemons = daemonStates();
  return {
    up: existsSync(finishedMarker) && daemons.every(({ running }) => running),
    clusters: clustersUp().map(({ name }) => name),
    daemons,
  };
}

/**
 * Brings the lab up, from whatever is there: nothing to do when it is up; what is left of a lab that was never
 * finished, or that lost a part, is taken down first.
 * @param count how many clusters it is to have: one with all nodes, or one a node; when absent one, or what is up
 * @returns whether it was up already
 * @throws LabError
 */
export async function labUp(step: Step, count?: number): Promise<boolean> {
  requireRoot();
  return withLabLock(async () => {
    const { up, clusters: there } = labStatus();
    if (up && count !== undefined && count !== there.length) {
      throw new LabError(
        `the lab is up with ${there.length === 1 ? 'one cluster' : `${there.length} clusters`}; run \`casper lab down\` first`,
      );
    }
    if (up) {
      // A lab that stays up may be older than the pinned versions: what `exec` takes for itself is there all the same.
      await buildTools(step);
      return true;
    }
    if (existsSync(stateDirectory)) await step('taking down what is left of an earlier lab', takeDown);
    const { tools, archives } = await prepare(step);
    const clusters = labClusters(count ?? 1);
    await step('making the network and the cgroups', async () => {
      mkdirSync(stateDirectory, { recursive: true, mode: 0o711 });
      noteClusters(clusters.length);
      cgroupsUp(nodes.map(({ name }) => name));
      await networkUp();
    });
    const authorities = await Promise.all(
      clusters.map(async (cluster) => {
        const authority = await CertificateAuthority.create('ca', path.join(cluster.directory, 'pki'));
        return { cluster, authority };
      }),
    );
    await step('waiting for the API server, containerd and the hosts', async () => {
      const [accesses] = await Promise.all([
        Promise.all(
          authorities.map(({ cluster, authority }) => startControlPlane(cluster, tools, authority)),
        ),
        startSshServers(),
        ...nodes.map((node) => startContainerd(node, archives)),
      ]);
      writeKubeconfig(adminKubeconfig, accesses);
    });
    await step(
      `waiting for ${nodes.length === 1 ? 'the node' : `${nodes.length} nodes`} to be ready`,
      async () => {
        for (const { cluster, authority } of authorities) {
          for (const node of cluster.nodes) await startKubelet(cluster, node, tools, authority);
        }
        await Promise.all(clusters.map((cluster) => nodesReady(cluster, tools)));
      },
    );
    mkdirSync(finishedMarker);
    return false;
  });
}

/** Waits until pods can run on a cluster's nodes. */
async function nodesReady(cluster: LabCluster, tools: ReadonlyMap<string, string>): Promise<void> {
  const kubectl = [tools.get('kubectl') ?? 'kubectl', `--kubeconfig=${adminKubeconfigOf(cluster)}`] as const;
  for (const { name } of cluster.nodes) {
    await waitFor(`node ${name} is ready`, `kubelet-${name}`, [
      ...kubectl,
      'wait',
      '--for=condition=Ready',
      '--timeout=5s',
      `node/${name}`,
    ]);
  }
  // Pods are refused until the controller manager has made the account that they run as.
  await waitFor('the default service account is made', daemonOf(cluster, 'kube-controller-manager'), [
    ...kubectl,
    'get',
    'serviceaccount',
    'default',
  ]);
}

/** Installs and builds what the lab is made of, and starts none of it. */
export async function labBuild(step: Step): Promise<void> {
  requireRoot();
  await withLabLock(() => prepare(step));
}

async function prepare(step: Step): Promise<{ tools: ReadonlyMap<string, string>; archives: string[] }> {
  await debianPackages(step, [...new Set([...labPackages, ...hostPackages])]);
  const tools = await buildTools(step);
  await platformManifests(step, tools);
  return { tools, archives: await labImages(step, tools) };
}

async function buildTools(step: Step): Promise<ReadonlyMap<string, string>> {
  const plugin = ownKubernetesPlugin(process.env);
  const notice = plugin && (await pluginNotice(plugin));
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  const names = goToolList.map(({ name }) => name);
  return await goTools(step, plugin ? names.filter((name) => name !== 'pulumi-resource-kubernetes') : names);
}

/**
 * Takes the lab down, whatever of it is there: no process, mount, namespace, cgroup or interface of it stays.
 * @throws LabError
 */
export async function labDown(step: Step): Promise<void> {
  requireRoot();
  await withLabLock(() => step('taking the lab down', takeDown));
}

async function takeDown(): Promise<void> {
  await cgroupsDown();
  await networkDown();
  await unmountAll();
  removeCniResults();
  removeLogLinks();
  rmSync(stateDirectory, { recursive: true, force: true });
}

/** Mounts of pods, of containers and of network namespaces, the latest first. */
async function unmountAll(): Promise<void> {
  const targets = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((target) => target.startsWith(`${stateDirectory}/`))
    .reverse();
  for (const target of targets) await execa('umount', ['--lazy', target]);
}

/** What the CNI plugins keep about pods that are gone now. */
function removeCniResults(): void {
  const directory = '/var/lib/cni/results';
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).map((name) => path.join(directory, name))) {
    if (readFileSync(file, 'utf8').includes(`${stateDirectory}/`)) rmSync(file);
  }
}

/** kubelet links every container's log in a folder whose path it does not let one choose. */
function removeLogLinks(): void {
  const directory = '/var/log/containers';
  if (!existsSync(directory)) return;
  for (const file of readdirSync(directory).map((name) => path.join(directory, name))) {
    if (lstatSync(file).isSymbolicLink() && readlinkSync(file).startsWith(`${stateDirectory}/`))
      unlinkSync(file);
  }
}

function requireRoot(): void {
  if (process.getuid?.() !== 0) {
    throw new LabError(
      'the lab needs root, for network namespaces, cgroups and mounts; run it as root (sudo), or use a cluster of your own',
    );
  }
}
