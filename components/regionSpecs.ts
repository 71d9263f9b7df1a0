import type * as pulumi from '@pulumi/pulumi';
import type { types } from '@pulumi/kubernetes';
import { referenceCapacity, requestMillicoresOf } from '../stack/capacity';
import { containerName, regionLabels } from '../stack/naming';
import type { RegionServiceArgs } from './regionServiceArgs';

/** What a region's objects are made of, once every value is known. */
type RegionSettings = pulumi.Unwrap<Omit<RegionServiceArgs, 'namespace'>>;

/** What a service is like of which nothing else is said. */
export const serviceDefaults = {
  port: 8080,
  readinessPath: '/',
  drainSeconds: 5,
  rolloutTimeoutSeconds: 180,
  /** Nobody's: images that know no other call it `nonroot`. */
  runAsUser: 65_532,
  writablePaths: ['/tmp'],
  memoryLimitMebibytes: 1024,
  memoryRequestMebibytes: 64,
} as const;

/** CPU request of a pod that starts, in millicores, where its CPU is changed in place afterwards. */
const startRequestMillicores = 10;

type CpuSettings = Pick<RegionSettings, 'cpuMillicores' | 'standbyMillicores' | 'cpuRequestPercent'>;

/** A pod that does not answer for a minute is started anew; one that is busy answers late, and starting it would not help. */
const liveness = { periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6 } as const;

/** Whether any pod runs. */
export function hasPods({
  cpuMillicores,
  standbyMillicores = 0,
}: Pick<RegionServiceArgs, 'cpuMillicores' | 'standbyMillicores'>): boolean {
  return cpuMillicores + standbyMillicores > 0;
}

/** Pods of a region. */
export function podCount(
  args: Pick<RegionServiceArgs, 'cpuMillicores' | 'standbyMillicores' | 'pods'>,
): number {
  return hasPods(args) ? (args.pods?.count ?? 1) : 0;
}

/** CPU limit and request of all of a region's pods together, in millicores. What stands by is in the limit alone: a limit reserves nothing. */
export function cpuOf({
  cpuMillicores,
  standbyMillicores = 0,
  cpuRequestPercent = referenceCapacity.cpuRequestPercent,
}: CpuSettings): {
  limitMillicores: number;
  requestMillicores: number;
} {
  // A template needs a limit even where no pod is made from it; 1m is the smallest that Kubernetes knows.
  const limitMillicores = Math.max(cpuMillicores + standbyMillicores, 1);
  return { limitMillicores, requestMillicores: requestMillicoresOf(cpuMillicores, cpuRequestPercent) };
}

/**
 * A region's Deployment. Nothing but the number of pods and, where a rollout changes it, their CPU varies with the plan:
 * a selector cannot change, and any other change of the template replaces pods. Pure.
 */
export function deploymentSpec(settings: RegionSettings): types.input.apps.v1.DeploymentSpec {
  const labels = regionLabels(settings.region);
  return {
    replicas: podCount(settings),
    revisionHistoryLimit: 2,
    progressDeadlineSeconds: settings.rolloutTimeoutSeconds ?? serviceDefaults.rolloutTimeoutSeconds,
    selector: { matchLabels: labels },
    // The old pod serves until the new one is ready.
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: { metadata: { labels }, spec: podSpec(settings) },
  };
}

function podSpec(settings: RegionSettings): types.input.core.v1.PodSpec {
  const { nodeSelector, pullSecret, drainSeconds = serviceDefaults.drainSeconds } = settings;
  const { writablePaths = serviceDefaults.writablePaths } = settings;
  const volumes = writablePaths.map((mountPath, index) => ({ mountPath, name: `writable-${index}` }));
  return {
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] }),
    securityContext: podSecurity(settings),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: drainSeconds + 10,
    ...(settings.pods && {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: regionLabels(settings.region) },
        },
      ],
    }),
    ...(volumes.length > 0 && { volumes: volumes.map(({ name }) => ({ name, emptyDir: {} })) }),
    containers: [
      {
        name: containerName,
        image: settings.image,
        imagePullPolicy: 'IfNotPresent',
        ...(settings.args ? { args: [...settings.args] } : {}),
        ports: [{ name: 'http', containerPort: settings.port ?? serviceDefaults.port }],
        resources: resourcesOf(settings),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        ...(volumes.length > 0 && { volumeMounts: volumes }),
        readinessProbe: {
          httpGet: { path: settings.readinessPath ?? serviceDefaults.readinessPath, port: 'http' },
          periodSeconds: 1,
          // A pod of 11m spends 4.6 s on its start and 0.4 s on a page at worst (measured).
          timeoutSeconds: 5,
          failureThreshold: 5,
        },
        ...livenessProbes(settings),
        ...(drainSeconds > 0 ? { lifecycle: { preStop: { sleep: { seconds: drainSeconds } } } } : {}),
      },
    ],
  };
}

/** As Pod Security `restricted` asks for, unless the image needs root: a service on the web is the first to be broken into. */
function podSecurity({
  runAsUser = serviceDefaults.runAsUser,
  sysctls = {},
}: RegionSettings): types.input.core.v1.PodSecurityContext {
  const parameters = Object.entries(sysctls).map(([name, value]) => ({ name, value }));
  return {
    runAsUser,
    runAsNonRoot: runAsUser !== 0,
    seccompProfile: { type: 'RuntimeDefault' },
    ...(parameters.length > 0 && { sysctls: parameters }),
  };
}

/** A start takes as long as it takes, within the rollout's bound: only then does the other probe count. */
function livenessProbes({
  livenessPath,
  rolloutTimeoutSeconds = serviceDefaults.rolloutTimeoutSeconds,
}: RegionSettings): Pick<types.input.core.v1.Container, 'startupProbe' | 'livenessProbe'> {
  if (livenessPath === undefined) return {};
  const httpGet = { path: livenessPath, port: 'http' };
  return {
    startupProbe: { httpGet, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: rolloutTimeoutSeconds },
    livenessProbe: { httpGet, ...liveness },
  };
}

/** Changed in place, the template stays the same from plan to plan: PodCpu gives the pods their CPU. */
function resourcesOf(settings: RegionSettings): types.input.core.v1.ResourceRequirements {
  const { inPlace } = settings;
  const { limitMillicores, requestMillicores } = inPlace
    ? { limitMillicores: inPlace.ceilingMillicores, requestMillicores: startRequestMillicores }
    : partOf(settings);
  const {
    memoryLimitMebibytes = serviceDefaults.memoryLimitMebibytes,
    memoryRequestMebibytes = serviceDefaults.memoryRequestMebibytes,
  } = settings;
  // Without a request of its own the limit would be asked for.
  return {
    limits: { cpu: quantity(limitMillicores), memory: memory(memoryLimitMebibytes) },
    requests: { cpu: quantity(requestMillicores), memory: memory(memoryRequestMebibytes) },
  };
}

/** A rollout gives every pod the same: parts are rounded up to a whole millicore. Pure. */
export function partOf(settings: CpuSettings & Pick<RegionSettings, 'pods'>): ReturnType<typeof cpuOf> {
  const { limitMillicores, requestMillicores } = cpuOf(settings);
  const pods = Math.max(podCount(settings), 1);
  return {
    limitMillicores: Math.ceil(limitMillicores / pods),
    requestMillicores: Math.ceil(requestMillicores / pods),
  };
}

/** A CPU quantity in the form the API server stores, so that 1000m and 1 do not look like a change. */
export function quantity(millicores: number): string {
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`;
}

/** The same of memory. */
function memory(mebibytes: number): string {
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}

/**
 * Lets in what comes to the service's own port, from wherever: of requests that come through a load balancer's address,
 * a pod sees nodes for sources. Needs a network plugin that knows policies; others pass it by. Pure.
 */
export function networkPolicySpec(region: string): types.input.networking.v1.NetworkPolicySpec {
  return {
    podSelector: { matchLabels: regionLabels(region) },
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ protocol: 'TCP', port: 'http' }] }],
  };
}

/** An eviction takes one pod of a region at a time. Pure. */
export function disruptionBudgetSpec(region: string): types.input.policy.v1.PodDisruptionBudgetSpec {
  return { maxUnavailable: 1, selector: { matchLabels: regionLabels(region) } };
}

/** A region's Service: of an address that proxies reach, or of the cluster alone. Pure. */
export function serviceSpec({
  region,
  address,
  port = serviceDefaults.port,
}: Pick<RegionSettings, 'region' | 'address' | 'port'>): types.input.core.v1.ServiceSpec {
  return {
    selector: regionLabels(region),
    ...(address ? { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false } : { type: 'ClusterIP' }),
    ports: [{ name: 'http', port: address?.port ?? port, targetPort: 'http' }],
  };
}

/** Asks MetalLB for the address, where there is one. Pure. */
export function serviceAnnotations(address: RegionSettings['address']): Record<string, string> {
  return {
    // A Service without pods has no endpoints to wait for.
    'pulumi.com/skipAwait': 'true',
    ...(address && {
      'metallb.io/loadBalancerIPs': address.address,
      // Regions that name the same key may share an address, on different ports.
      'metallb.io/allow-shared-ip': `casper-${address.address}`,
    }),
  };
}
