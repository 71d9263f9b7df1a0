import * as pulumi from '@pulumi/pulumi';
import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { readLiveCpu } from '../cluster/liveCpu';
import type { CpuBefore } from '../planning/changeOrder';
import type { StackConfig } from '../stack/stackConfig';
import type { OwnOutputs } from './ownOutputs';

/** How long the API server may take to tell what runs, in ms. */
const answerWithinMs = 10_000;

/**
 * What CPU every region has before this update, by name: what the pods have, not what an update was to give them that
 * may have failed half-way. Where the API server does not tell, the stack's outputs of the last update that ended well
 * stand in, with a warning; such an update would fail anyway, but a preview need not.
 */
export async function cpuBefore(
  kubeConfig: KubeConfig,
  { scope, service }: StackConfig,
  outputs: OwnOutputs,
): Promise<Readonly<Record<string, CpuBefore>>> {
  if (scope === 'platform') return {};
  try {
    return await readLiveCpu(kubeConfig, service.namespace, answerWithinMs);
  } catch (error) {
    await pulumi.log.warn(
      `The API server does not tell what runs (${String(error)}): the order of this change goes by the outputs of the ` +
        'last update that ended well, which are out of date where an update has failed since.',
    );
    return lastOutputs(outputs);
  }
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
