import { clusterOf, type NamedCluster } from '../stack/clusters';
import {
  capacityOf,
  ceilingMillicores,
  limitMillicoresOf,
  podCeilingMillicores,
  podsOf,
  requestMillicoresOf,
  type Capacity,
} from '../stack/capacity';
import { patchesDeployments } from '../stack/deployments';
import { destinationUrls } from '../stack/requestPath';
import type { StackConfig, StackPlan } from '../stack/stackConfig';
import { CalibrationError } from './calibrationError';

/** A region that is to be calibrated, as the stack file has it. */
export interface CalibrationTarget {
  readonly region: string;
  readonly cluster: NamedCluster;
  readonly namespace: string;
  /** Where its Service answers, without a path. */
  readonly address: string;
  readonly capacity: Capacity;
  /** How many pods it has, and what all of them together get by the plan, in millicores. */
  readonly pods: number;
  readonly limitMillicores: number;
  readonly requestMillicores: number;
  /** How long a change of CPU may take. */
  readonly resizeTimeoutSeconds: number;
}

/**
 * Finds what is to be calibrated.
 * @param disturb whether the region may be one that serves somebody
 * @throws CalibrationError where there is no such region, where its Deployment is another's, where it has no pods, where nothing outside of its cluster
 *   reaches it, and where it serves somebody
 */
export function calibrationTarget(config: StackConfig, region: string, disturb: boolean): CalibrationTarget {
  const { regions, plan, service } = config;
  const entry = regions.find(({ name }) => name === region);
  const cluster = entry && clusterOf(config, entry);
  if (!cluster) {
    const known = regions.map(({ name }) => name).join(', ');
    throw new CalibrationError(`${region}: no such region in casper:regions; there are ${known}`);
  }
  if (patchesDeployments(config)) {
    throw new CalibrationError(
      `${region} is a Deployment that this stack only patches, whose pods are not resized for a measurement; calibrate the same image in a stack that makes its own (casper:service.deployment: own)`,
    );
  }
  const capacity = capacityOf(config, region);
  const limitMillicores = limitMillicoresOf(plan, region);
  if (limitMillicores === 0) {
    throw new CalibrationError(
      `${region} has no pods by casper:plan, so there is nothing to measure; give it a server (minServers in its capacity, or casper:plan.regions.${region}) and apply`,
    );
  }
  const address = destinationUrls(regions)[region];
  if (address === undefined) {
    throw new CalibrationError(
      `${region} has no loadBalancer in casper:regions, so that nothing outside of its cluster reaches it; give it an address, or choose another region`,
    );
  }
  const served = disturb ? [] : servedBy(region, plan);
  if (served.length > 0) {
    throw new CalibrationError(
      `${region} ${served.join(' and ')}, who would wait or go elsewhere while it has little CPU and is loaded until it is slow; ` +
        `choose a region that serves nobody, take this one out first (casper apply --without ${region}), or accept it (--disturb)`,
    );
  }
  return {
    ...{ region, cluster, address, capacity, limitMillicores },
    namespace: service.namespace,
    pods: podsOf(limitMillicores, capacity),
    requestMillicores: requestMillicoresOf(
      plan.regions[region]?.cpuMillicores ?? 0,
      capacity.cpuRequestPercent,
    ),
    resizeTimeoutSeconds: service.resizeTimeoutSeconds,
  };
}

/** For whom a region is there, in words; empty where it is there for nobody. */
function servedBy(region: string, { weights, backup = {} }: StackPlan): string[] {
  const served = Object.keys(weights).filter((origin) => weights[origin]?.[region] !== undefined);
  const stands = Object.keys(backup).filter((origin) =>
    Object.values(backup[origin] ?? {}).some((row) => row[region] !== undefined),
  );
  return [
    ...(served.length > 0 ? [`serves ${served.join(', ')}`] : []),
    ...(stands.length > 0 ? [`is the backup of ${stands.join(', ')}`] : []),
  ];
}

/** Of a full region, in percent: the reference's 100, 200 and 400 of 1001 millicores. */
const usualShares = [10, 20, 40];
/** Below it the kernel's quota is larger than the limit: the kubelet writes no less than 1 ms in 100 ms. */
const leastMillicoresOfPod = 10;
const fewestLimits = 3;

/**
 * The CPU limits to calibrate at, ascending.
 * @param given in whole millicores; shares of a full region when absent
 * @throws CalibrationError where one is too small or too large, and where there are fewer than three different ones
 */
export function limitsToTry(given: readonly number[] | undefined, target: CalibrationTarget): number[] {
  const { region, capacity, pods } = target;
  const ceiling = ceilingMillicores(capacity);
  const most = Math.min(ceiling, pods * podCeilingMillicores(capacity));
  const least = Math.max(capacity.epsilonMillicores + 1, pods * leastMillicoresOfPod);
  const usual = usualShares.map((percent) => Math.floor((ceiling * percent) / 100));
  const limits = [...new Set(given ?? usual)].sort((a, b) => a - b);
  const wrong = limits.find((limit) => limit < least || limit > most);
  if (wrong !== undefined) {
    const what = pods === 1 ? 'its pod' : `its ${pods} pods`;
    throw new CalibrationError(
      `--cpu ${wrong}: expected ${least} to ${most} millicores for ${region}: more than epsilonMillicores (${capacity.epsilonMillicores}) and than the kernel's least of ${leastMillicoresOfPod} a pod, ` +
        `and no more than ${what} may have by casper:capacity; name limits in that range with --cpu, or raise maxServers`,
    );
  }
  if (limits.length < fewestLimits) {
    throw new CalibrationError(
      `--cpu ${limits.join(',')}: a line and how far it is off take ${fewestLimits} different limits at least; name more`,
    );
  }
  return limits;
}
