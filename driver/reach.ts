import { assertReachable, ClusterError } from '../cluster/connection';
import { stackClusters, type StackCluster } from '../cluster/stackClusters';
import { clustersOf, inCluster } from '../stack/clusters';
import { besideLost } from '../stack/failureDomain';
import type { StackConfig } from '../stack/stackConfig';

/** A cluster whose API server does not answer: what runs there may serve on, and nobody can change it. */
export interface SilentCluster {
  readonly name: string;
  /** Names of the regions that run there. */
  readonly regions: readonly string[];
  /** Why nothing is known, for people. */
  readonly reason: string;
}

/** The clusters of a stack, told apart by whether they answer. */
export interface Reach {
  readonly answering: readonly StackCluster[];
  readonly silent: readonly SilentCluster[];
}

/** How long an API server may take, in ms: the only one, and one of several, which the others' changes wait for. */
const answerWithinMs = { alone: 10_000, ofSeveral: 5000 };

/**
 * Asks every cluster's API server whether it is there.
 * @throws ClusterError when none of them is
 */
export async function reach(clusters: readonly StackCluster[], config: StackConfig): Promise<Reach> {
  const withinMs = clusters.length > 1 ? answerWithinMs.ofSeveral : answerWithinMs.alone;
  const faults = await Promise.all(
    clusters.map(({ kubeConfig }) =>
      assertReachable(kubeConfig, withinMs).then(
        () => null,
        (error: unknown) => {
          if (error instanceof ClusterError) return error;
          throw error;
        },
      ),
    ),
  );
  const [first] = faults;
  if (first && !faults.includes(null)) throw first;
  return {
    answering: clusters.filter((_, index) => faults[index] === null),
    silent: clusters.flatMap(({ name }, index) => {
      const fault = faults[index];
      if (!fault) return [];
      const regions = inCluster(config, name).regions.map((region) => region.name);
      return [{ name, regions, reason: fault.message }];
    }),
  };
}

/**
 * Regions that a plan must use no more of than there is: their cluster does not answer, or they stand on the same as a
 * lost one, and nobody asks a region that serves nobody whether it is there.
 */
export async function regionsAsTheyAre(config: StackConfig, lost: readonly string[]): Promise<string[]> {
  return [...new Set([...(await unreachableRegions(config)), ...besideLost(config, lost)])];
}

/**
 * Regions whose cluster does not answer, while another one does. Where none does, nothing can be changed: there is
 * nothing to plan around, and who applies a plan says why.
 */
async function unreachableRegions(config: StackConfig): Promise<string[]> {
  if (clustersOf(config).length < 2) return [];
  try {
    const { silent } = await reach(stackClusters(config), config);
    return silent.flatMap(({ regions }) => regions);
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return [];
  }
}
