import { CoreV1Api } from '../cluster/client';
import type { Target } from '../driver/target';
import { readStackSettings } from '../stack/stackFile';

/** How often containers of the stack's pods were started anew, in all clusters together. */
export async function podRestarts({ clusters, options }: Target): Promise<number> {
  const { namespace } = readStackSettings(options.configFile).service;
  const lists = await Promise.all(
    clusters.map(({ kubeConfig }) => kubeConfig.makeApiClient(CoreV1Api).listNamespacedPod({ namespace })),
  );
  return lists
    .flatMap(({ items }) => items)
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
}
