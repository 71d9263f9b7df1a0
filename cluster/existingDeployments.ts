import type {
  KubeConfig,
  V1Container,
  V1Deployment,
  V1PodSpec,
  V1Service,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import { z } from 'zod';
import { capacityOf, limitMillicoresOf, partsOf, podsOf, requestMillicoresOf } from '../stack/capacity';
import { fieldManagerOf, fieldManagerPrefix, patchesDeployments } from '../stack/deployments';
import { allRegionsSelector, objectNameOf } from '../stack/naming';
import type { RegionConfig, StackConfig } from '../stack/stackConfig';
import { ApiException, AppsV1Api, AutoscalingV2Api, CoreV1Api, CustomObjectsApi } from './client';
import { within } from './connection';

const answerWithinMs = 10_000;

/** What is looked at of a VerticalPodAutoscaler, whose kind a cluster need not know. */
const verticalSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    targetRef: z.object({ kind: z.string(), name: z.string() }).optional(),
    updatePolicy: z.object({ updateMode: z.string().optional() }).optional(),
  }),
});

/** What a namespace has of what matters to Deployments that are patched. */
export interface NamespaceObjects {
  readonly deployments: readonly V1Deployment[];
  readonly horizontal: readonly V2HorizontalPodAutoscaler[];
  readonly vertical: readonly z.infer<typeof verticalSchema>[];
  readonly services: readonly V1Service[];
}

/**
 * Why the Deployments that a stack would patch in a cluster may not be patched, each fault with its remedy; empty where
 * they may, and where the stack makes its own.
 * @param config with the regions of this cluster alone
 * @param stack name of the Pulumi stack
 * @throws what the API server answers, other than that the account may not see something: that is a fault
 */
export async function existingDeploymentFaults(
  kubeConfig: KubeConfig,
  config: StackConfig,
  stack: string,
): Promise<string[]> {
  if (!patchesDeployments(config) || config.scope === 'platform') return [];
  const { namespace } = config.service;
  const list = { namespace };
  const custom = { group: 'autoscaling.k8s.io', version: 'v1', plural: 'verticalpodautoscalers', namespace };
  const forbidden: string[] = [];
  const seen = async <T>(what: string, listed: Promise<T>): Promise<T | undefined> => {
    try {
      return await listed;
    } catch (error) {
      if (!(error instanceof ApiException)) throw error;
      // A cluster that knows no such kind has none.
      if (error.code === 404) return undefined;
      if (error.code !== 403) throw error;
      forbidden.push(
        `casper:service.namespace: the account may not list ${what} of ${namespace}, and nobody else would notice one in the way; let it`,
      );
      return undefined;
    }
  };
  const [deployments, horizontal, vertical, services] = await Promise.all([
    seen(
      'deployments.apps',
      kubeConfig.makeApiClient(AppsV1Api).listNamespacedDeployment(list, within(answerWithinMs)),
    ),
    seen(
      'horizontalpodautoscalers.autoscaling',
      kubeConfig
        .makeApiClient(AutoscalingV2Api)
        .listNamespacedHorizontalPodAutoscaler(list, within(answerWithinMs)),
    ),
    seen<unknown>(
      'verticalpodautoscalers.autoscaling.k8s.io',
      kubeConfig.makeApiClient(CustomObjectsApi).listNamespacedCustomObject(custom, within(answerWithinMs)),
    ),
    seen('services', kubeConfig.makeApiClient(CoreV1Api).listNamespacedService(list, within(answerWithinMs))),
  ]);
  if (forbidden.length > 0) return forbidden;
  const found = {
    deployments: deployments?.items ?? [],
    horizontal: horizontal?.items ?? [],
    vertical: z.object({ items: z.array(verticalSchema) }).parse(vertical ?? { items: [] }).items,
    services: services?.items ?? [],
  };
  return config.regions.flatMap((region) => faultsOfRegion(region, found, config, stack));
}

/** The same of one region, whose cluster's namespace is known; pure. */
export function faultsOfRegion(
  region: RegionConfig,
  { deployments, horizontal, vertical, services }: NamespaceObjects,
  config: StackConfig,
  stack: string,
): string[] {
  const { name: regionName, deployment: wanted } = region;
  if (!wanted) return [];
  const { namespace } = config.service;
  const path = `casper:regions.${regionName}.deployment`;
  const it = `${namespace}/${wanted.name}`;
  const deployment = deployments.find(({ metadata }) => metadata?.name === wanted.name);
  if (!deployment) {
    return [
      `${path}.name: there is no Deployment ${it} (${namespace} has: ${namesOf(deployments)}); correct the name, or deploy it first`,
    ];
  }
  const template = deployment.spec?.template.spec;
  const container = template?.containers.find(({ name }) => name === wanted.container);
  const targets = ({ kind, name }: { kind: string; name: string }): boolean =>
    kind === 'Deployment' && name === wanted.name;
  const faults: string[] = [];
  for (const { metadata, spec } of horizontal) {
    if (!targets(spec.scaleTargetRef)) continue;
    const name = metadata?.name ?? '';
    faults.push(
      `${path}.name: the HorizontalPodAutoscaler ${name} sets how many pods ${it} has, and the plan would too; leave it to one of them: kubectl delete hpa ${name} -n ${namespace}, or take ${regionName} out of casper:regions`,
    );
  }
  for (const { metadata, spec } of vertical) {
    // `Off` only recommends.
    if (!spec.targetRef || !targets(spec.targetRef) || spec.updatePolicy?.updateMode === 'Off') continue;
    faults.push(
      `${path}.name: the VerticalPodAutoscaler ${metadata.name} sets the CPU of ${it}, and the plan would too; set its updatePolicy.updateMode to "Off", or take ${regionName} out of casper:regions`,
    );
  }
  const other = deployment.metadata?.managedFields?.find(
    ({ manager = '' }) => manager.startsWith(fieldManagerPrefix) && manager !== fieldManagerOf(stack),
  )?.manager;
  if (other !== undefined) {
    faults.push(
      `${path}.name: the stack ${other.slice(fieldManagerPrefix.length)} patches ${it} already; take it out of one of the two`,
    );
  }
  if ((deployment.spec?.selector.matchExpressions ?? []).length > 0) {
    faults.push(
      `${path}.name: ${it} selects its pods by expressions, and casper finds pods by labels alone (matchLabels); name another Deployment`,
    );
  }
  if (!container) {
    faults.push(
      `${path}.container: ${it} has no container ${wanted.container} (it has: ${(template?.containers ?? []).map(({ name }) => name).join(', ') || 'none'}); correct the name`,
    );
  } else if (config.service.cpuChange === 'inPlace') {
    faults.push(
      ...resizeFaults(regionName, template, container, config).map((fault) => `${path}: ${it} ${fault}`),
    );
  }
  return [...faults, ...serviceFaults(region, services, namespace)];
}

function serviceFaults(
  { name: regionName, deployment }: RegionConfig,
  services: readonly V1Service[],
  namespace: string,
): string[] {
  const path = `casper:regions.${regionName}.deployment.service`;
  const wanted = deployment?.service;
  const found = services.find(({ metadata }) => metadata?.name === (wanted ?? objectNameOf(regionName)));
  if (wanted !== undefined) {
    return found
      ? []
      : [
          `${path}: there is no Service ${namespace}/${wanted} (${namespace} has: ${namesOf(services)}); correct the name, or leave it out and casper makes one`,
        ];
  }
  const [key = '', value] = allRegionsSelector.split('=');
  return found && found.metadata?.labels?.[key] !== value
    ? [
        `${path}: the stack would make a Service ${objectNameOf(regionName)}, and ${namespace} has one of that name already that casper has not made; name the region's Service here, or rename that one`,
      ]
    : [];
}

/** Why the kubelet or the API server would refuse to change the CPU of a template's pods, or restart them for it. */
function resizeFaults(
  region: string,
  template: V1PodSpec | undefined,
  container: V1Container,
  config: StackConfig,
): string[] {
  const faults: string[] = [];
  const otherwise = 'or set casper:service.cpuChange to rollout';
  const policy = container.resizePolicy?.find(({ resourceName }) => resourceName === 'cpu')?.restartPolicy;
  if (policy !== undefined && policy !== 'NotRequired') {
    faults.push(
      `restarts ${container.name} where its CPU changes (its resizePolicy says ${policy}); set that to NotRequired, ${otherwise}`,
    );
  }
  const limit = limitMillicoresOf(config.plan, region);
  if (limit === 0) return faults;
  const capacity = capacityOf(config, region);
  const pods = podsOf(limit, capacity);
  const { cpuMillicores = 0 } = config.plan.regions[region] ?? {};
  const [limitPart = 1] = partsOf(limit, pods);
  const [requestPart = 1] = partsOf(requestMillicoresOf(cpuMillicores, capacity.cpuRequestPercent), pods);
  const planned = {
    limits: { ...container.resources?.limits, cpu: `${limitPart}m` },
    requests: { ...container.resources?.requests, cpu: `${requestPart}m` },
  };
  const all = [...(template?.containers ?? []), ...(template?.initContainers ?? [])];
  const before = qosClass(all.map(({ resources }) => resources));
  const after = qosClass(all.map((one) => (one === container ? planned : one.resources)));
  if (before !== after) {
    const remedy =
      before === 'BestEffort'
        ? 'give it a request of CPU or memory'
        : before === 'Guaranteed'
          ? 'give it a smaller request than limit of memory or CPU, or plan its CPU so (capacity.cpuRequestPercent: 100, resilience.heldReady other than limit)'
          : 'set capacity.cpuRequestPercent below 100';
    faults.push(
      `is of QoS class ${before}, and with the plan's CPU (request ${requestPart}m, limit ${limitPart}m) would be ${after}, which Kubernetes refuses in pods that run; ${remedy}, ${otherwise}`,
    );
  }
  return faults;
}

interface Amounts {
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}
type QosClass = 'BestEffort' | 'Burstable' | 'Guaranteed';

/** A pod's class as Kubernetes works it out: from what all containers ask for; requests that are not said are the limits. */
function qosClass(containers: readonly (Amounts | undefined)[]): QosClass {
  const amounts = containers.flatMap((resources) =>
    ['cpu', 'memory'].map((kind) => {
      const limit = resources?.limits?.[kind];
      return { limit, request: resources?.requests?.[kind] ?? limit };
    }),
  );
  if (amounts.every(({ request }) => request === undefined)) return 'BestEffort';
  return amounts.every(({ limit, request }) => limit !== undefined && limit === request)
    ? 'Guaranteed'
    : 'Burstable';
}

function namesOf(objects: readonly { metadata?: { name?: string } }[]): string {
  return objects.map(({ metadata }) => metadata?.name ?? '').join(', ') || 'none';
}
