import { readFileSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hosts, lan, type LabMachine } from '../../../lab/cluster/nodes';
import { originsOf, type Origin } from '../../../stack/requestPath';
import { execa } from 'execa';
import { between, oneOf } from '../draw';
import { overAtOnce, type Fault, type Scene } from '../fault';
import { labDaemon } from '../labDaemons';
import { labProcessIn, labProcessesIn, signal } from '../processTable';
import { soon } from '../soon';

/** Traefiks, Prometheus, and the hosts that they run on. */

export function traefikFolder({ host, name }: Origin): string {
  return path.join(host.folder, `traefik-${name}`);
}

/** Its supervisor starts a process again at once, and it reads its configuration. */
const backSeconds = 8;

function anyOrigin({ stage, random }: Scene): Origin {
  return oneOf(originsOf(stage.config), random);
}

function machineOf({ host }: Origin): LabMachine {
  const machine = hosts.find(({ name }) => name === host.name);
  if (!machine) throw new Error(`${host.name} is no host of the lab`);
  return machine;
}

/** Not the one that Prometheus is on: that is another fault. */
function anyHost(scene: Scene): LabMachine {
  const [watcher] = hosts;
  return oneOf(
    originsOf(scene.stage.config)
      .map(machineOf)
      .filter((machine) => machine !== watcher),
    scene.random,
  );
}

export const requestPathFaults: readonly Fault[] = [
  {
    ...{ kind: 'Traefik killed', work: 'apply', mayFail: { until: 'outage', seconds: backSeconds } },
    inject: (scene) => {
      signal(labProcessIn(path.join(traefikFolder(anyOrigin(scene)), 'pid')), 'SIGKILL');
      return Promise.resolve(overAtOnce);
    },
  },
  {
    ...{ kind: 'Traefik stopped', work: 'apply', mayFail: { until: 'outage', seconds: backSeconds } },
    inject: (scene) => {
      const traefik = labProcessIn(path.join(traefikFolder(anyOrigin(scene)), 'pid'));
      signal(traefik, 'SIGSTOP');
      const heal = () => {
        signal(traefik, 'SIGCONT');
        return Promise.resolve();
      };
      return Promise.resolve({ lasts: between(3000, 10_000, scene.random), heal });
    },
  },
  {
    ...{ kind: 'Prometheus killed', work: 'apply', mayFail: { until: 'none' } },
    inject: ({ stage }) => {
      const [host] = stage.config.hosts;
      signal(labProcessIn(path.join(host?.folder ?? '', 'prometheus', 'pid')), 'SIGKILL');
      return Promise.resolve(overAtOnce);
    },
  },
  {
    ...{ kind: 'weights.yml emptied, then Traefik killed', work: 'apply' },
    ...{ mayFail: { until: 'outage', seconds: 120 }, mendedByApply: true },
    inject: async (scene) => {
      const folder = traefikFolder(anyOrigin(scene));
      const weights = path.join(folder, 'dynamic', 'weights.yml');
      // After the change, so that it is the next one that finds it.
      await scene.command.ended;
      truncateSync(weights);
      signal(labProcessIn(path.join(folder, 'pid')), 'SIGKILL');
      await sleep(2000);
      if (readFileSync(weights, 'utf8') !== '') scene.problem('weights.yml was not empty after all');
      return overAtOnce;
    },
  },
  {
    ...{ kind: 'host cut off', work: 'apply', mayFail: { until: 'outage', seconds: backSeconds } },
    inject: async (scene) => {
      const { lanInterface } = anyHost(scene);
      const link = (state: 'up' | 'down') =>
        execa('ip', ['-netns', lan.name, 'link', 'set', lanInterface, state]);
      await link('down');
      return { lasts: between(4000, 12_000, scene.random), heal: () => link('up') };
    },
  },
  {
    ...{
      kind: 'host rebooted',
      work: 'apply',
      mayFail: { until: 'outage', seconds: 120 },
      mendedByApply: true,
    },
    inject: async (scene) => {
      const machine = anyHost(scene);
      const sshd = labDaemon(`sshd-${machine.name}`, machine);
      const all = () => labProcessesIn(machine.namespace);
      await soon(`${machine.name} is down`, 10_000, () => {
        for (const one of all()) signal(one, 'SIGKILL');
        return all().length === 0;
      });
      return { lasts: between(1000, 4000, scene.random), heal: sshd.start };
    },
  },
];
