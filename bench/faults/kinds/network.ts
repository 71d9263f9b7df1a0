import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { hosts, lan, nodes, type LabMachine } from '../../../lab/cluster/nodes';
import { originsOf } from '../../../stack/requestPath';
import { between, oneOf } from '../draw';
import type { Fault, Injury, Scene } from '../fault';
import { traefikFolder } from './requestPath';

/** Half-open connections: packets from the driver are dropped without a word, those of requests are not. */

/** Drops what comes from the driver's address to some ports of machines of the lab. */
async function dropped(
  machines: readonly LabMachine[],
  ports: readonly number[],
  lasts: Injury['lasts'],
): Promise<Injury> {
  const rules = (verb: '-I' | '-D') =>
    Promise.all(
      machines.map(({ namespace }) =>
        execa('nsenter', [
          ...[`--net=/run/netns/${namespace}`, 'iptables', '-w', '5', verb, 'INPUT', '-s', lan.address],
          ...['-p', 'tcp', '-m', 'multiport', '--dports', ports.join(), '-j', 'DROP'],
        ]),
      ),
    );
  await rules('-I');
  return { lasts, heal: () => rules('-D') };
}

const none = { until: 'none' } as const;

export const networkFaults: readonly Fault[] = [
  {
    ...{ kind: 'driver’s packets to the API server dropped', work: 'apply', mayFail: none },
    inject: ({ random }) => dropped(nodes.slice(0, 1), [6443], between(5000, 15_000, random)),
  },
  {
    ...{ kind: 'driver’s packets to a host’s ssh dropped', work: 'apply', mayFail: none },
    inject: ({ random }) => dropped([oneOf(hosts, random)], [22], 'untilTheChangeEnds'),
  },
  {
    ...{ kind: 'driver’s packets to all Traefiks dropped', work: 'apply', mayFail: none },
    inject: async (scene) => {
      const before = traefiksOf(scene);
      const ports = scene.stage.config.regions.flatMap(({ traefik }) =>
        traefik ? [traefik.entryPointPort, traefik.metricsPort] : [],
      );
      const { lasts, heal } = await dropped(hosts, [...new Set(ports)], 'untilTheChangeEnds');
      const healAndLook = async (): Promise<void> => {
        await heal();
        if (traefiksOf(scene) !== before) scene.problem('a Traefik was restarted that ran all the time');
      };
      return { lasts, heal: healAndLook };
    },
  },
  {
    ...{ kind: 'driver’s packets to Prometheus dropped', work: 'apply', mayFail: none },
    inject: ({ random }) => dropped(hosts.slice(0, 1), [9090], between(3000, 10_000, random)),
  },
];

/** Which processes all Traefiks are. */
function traefiksOf({ stage }: Scene): string {
  return originsOf(stage.config)
    .map((origin) => readFileSync(path.join(traefikFolder(origin), 'pid'), 'utf8'))
    .join();
}
