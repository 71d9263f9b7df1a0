import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { readLiveCpu } from '../cluster/liveCpu';
import type { StackCluster } from '../cluster/stackClusters';
import type { CpuBefore } from '../planning/changeOrder';
import { inCluster } from '../stack/clusters';
import type { StackConfig } from '../stack/stackConfig';
import type { OwnOutputs } from './ownOutputs';

/** How long an API server may take to tell what runs, in ms: the only one, and one of several, which others wait for. */
const answerWithinMs = { alone: 10_000, ofSeveral: 5000 };

/** What runs before an update, as far as the API servers tell. */
export interface Before {
  /** By region. */
  readonly cpu: Readonly<Record<string, CpuBefore>>;
  /** Names of clusters whose API server does not answer. */
  readonly silent: ReadonlySet<string>;
}

/**
 * What CPU every region has before this update: what the pods have, not what an update was to give them that may have
 * failed half-way. Where an API server does not tell, the stack's outputs of the last update that ended well stand in,
 * with a warning; nothing changes in that cluster, but a preview, and an update of the others, go on.
 */
export async function cpuBefore(
  clusters: readonly StackCluster[],
  config: StackConfig,
  outputs: OwnOutputs,
): Promise<Before> {
  if (config.scope === 'platform') return { cpu: {}, silent: new Set() };
  const silent = new Set<string>();
  const withinMs = clusters.length > 1 ? answerWithinMs.ofSeveral : answerWithinMs.alone;
  const found = await Promise.all(
    clusters.map(async ({ name, kubeConfig }) => {
      try {
        return await readLiveCpu(kubeConfig, inCluster(config, name), withinMs);
      } catch (error) {
        silent.add(name);
        await pulumi.log.warn(
          `The API server of ${name} does not tell what runs (${String(error)}): the order of this change goes by the ` +
            'outputs of the last update that ended well, which are out of date where an update has failed since.',
        );
        const here = inCluster(config, name).regions.map((region) => region.name);
        const last = await lastOutputs(outputs);
        return Object.fromEntries(Object.entries(last).filter(([region]) => here.includes(region)));
      }
    }),
  );
  return { cpu: Object.assign({}, ...found) as Record<string, CpuBefore>, silent };
}

const outputSchema = z.record(z.string(), z.number()).catch({});

/** The stack's own output `cpuMillicores`, which its last good update left. */
async function lastOutputs(outputs: OwnOutputs): Promise<Record<string, CpuBefore>> {
  return Object.fromEntries(
    Object.entries(outputSchema.parse(await outputs.get('cpuMillicores'))).map(([region, millicores]) => [
      region,
      { readyMillicores: millicores, runningMillicores: millicores },
    ]),
  );
}
