import { execa } from 'execa';
import { lan, nodes, type LabNode } from '../../../lab/cluster/nodes';
import { between, oneOf } from '../draw';
import { overAtOnce, type Fault, type MayFail, type Scene } from '../fault';
import { kill, labDaemon, type LabDaemon } from '../labDaemons';
import { labProcesses, signal } from '../processTable';

/** What Kubernetes is made of, and what runs on it. */

/** Requests to a region that is gone go to its backup after that long, by the proxies' health checks. */
const detected: MayFail = { until: 'detection', seconds: 5 };
const none: MayFail = { until: 'none' };

const onControlPlane = (name: string) => (): LabDaemon => {
  const [first] = nodes;
  if (!first) throw new Error('the lab has no node');
  return labDaemon(name, first);
};
const onAnyNode =
  (program: string) =>
  ({ random }: Scene): LabDaemon => {
    const node = oneOf(nodes, random);
    return labDaemon(`${program}-${node.name}`, node);
  };

/** Killed, and started again some seconds later, as by the manager of its machine. */
function killed(kind: string, of: (scene: Scene) => LabDaemon): Fault {
  return {
    ...{ kind: `${kind} killed`, work: 'apply', mayFail: none },
    inject: async (scene) => {
      const daemon = of(scene);
      await kill(daemon);
      return { lasts: between(1000, 6000, scene.random), heal: daemon.start };
    },
  };
}

/** Stopped for some seconds: connections stay, and nothing answers. */
function stopped(kind: string, of: (scene: Scene) => LabDaemon): Fault {
  return {
    ...{ kind: `${kind} stopped`, work: 'apply', mayFail: none },
    inject: (scene) => {
      const { process } = of(scene);
      signal(process, 'SIGSTOP');
      const heal = () => {
        signal(process, 'SIGCONT');
        return Promise.resolve();
      };
      return Promise.resolve({ lasts: between(5000, 15_000, scene.random), heal });
    },
  };
}

/** One of the processes of pods, by its command line. */
function podKilled(kind: string, line: string, mayFail: MayFail): Fault {
  return {
    ...{ kind, work: 'apply', mayFail },
    inject: ({ random }) => {
      signal(oneOf(labProcesses(line), random), 'SIGKILL');
      return Promise.resolve(overAtOnce);
    },
  };
}

export const clusterFaults: readonly Fault[] = [
  killed('API server', onControlPlane('kube-apiserver')),
  stopped('API server', onControlPlane('kube-apiserver')),
  killed('etcd', onControlPlane('etcd')),
  stopped('etcd', onControlPlane('etcd')),
  killed('kubelet', onAnyNode('kubelet')),
  stopped('kubelet', onAnyNode('kubelet')),
  killed('containerd', onAnyNode('containerd')),
  killed('controller manager', onControlPlane('kube-controller-manager')),
  podKilled('MetalLB speaker killed', '/speaker --port', detected),
  podKilled('kiwix pod killed', 'kiwix-serve --port', detected),
  {
    ...{ kind: 'node cut off', work: 'apply', mayFail: detected },
    inject: async ({ random }) => {
      // Not the control plane's: without it there is nobody to ask, which is another fault.
      const { lanInterface }: LabNode = oneOf(nodes.slice(1), random);
      const link = (state: 'up' | 'down') =>
        execa('ip', ['-netns', lan.name, 'link', 'set', lanInterface, state]);
      await link('down');
      return { lasts: between(8000, 20_000, random), heal: () => link('up') };
    },
  },
];
