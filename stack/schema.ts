import { z } from 'zod';
import { demandSchema, liveSchema } from './liveSchema';
import { gridFields, signalsSchema } from './signalsSchema';

/** The schema of the `casper:` keys: what each value alone must be. checks.ts has what must hold between them. */

/** A region's name becomes part of Kubernetes object names (RFC 1123 label) behind the prefix "kiwix-". */
const regionNamePattern = /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/;

/** Whether a stack file may call a region so. */
export function isRegionName(name: string): boolean {
  return regionNamePattern.test(name);
}

const regionName = z
  .string()
  .regex(regionNamePattern, 'expected lower-case letters, digits and dashes, as in us-east-1');
const cpuMillicores = z.int().min(0).max(1_000_000);
const count = z.int().min(0).max(1_000_000);

const port = z.int().min(1).max(65_535);
const hostPath = z
  .string()
  // It goes into commands as it is.
  .regex(
    /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)+$/,
    'expected an absolute path of letters, digits, dots, dashes and underscores',
  );

/** Of the host itself, to be listened at and to be asked at. */
const listenAddress = z
  .ipv4()
  .refine((address) => address !== '0.0.0.0', { error: 'expected one address of the host, as in 127.0.0.1' });

const hostSchema = z.strictObject({
  name: regionName,
  /** By which clients and the other hosts reach it. */
  address: z.union([z.ipv4(), z.hostname()], { error: 'expected an IPv4 address or a host name' }),
  /** Absent for the machine that Pulumi runs on. */
  ssh: z
    .strictObject({
      port: port.default(22),
      /** Who runs Pulumi when absent. */
      user: z.string().min(1).optional(),
      /** Path on the machine that Pulumi runs on; without it an ssh agent is asked. */
      privateKeyFile: z.string().min(1).optional(),
      /** The host's public key, type and key as in a known_hosts file; the one of the user's known_hosts file when absent. */
      hostKey: z.string().min(1).optional(),
    })
    .optional(),
  /** Folder on the host that everything is kept in; docs/hosts.md says what. */
  folder: hostPath.default('/var/lib/casper'),
  /** Path of the traefik program on the host, 3.6.7 or later. */
  traefik: hostPath.optional(),
  /** That the metrics of the host's Traefiks are bound to; requestPath.ts has what holds when absent. */
  metricsAddress: listenAddress.optional(),
  /** Given for the one host that Prometheus runs on. */
  prometheus: z
    .strictObject({
      /** Path of the prometheus program on the host. */
      program: hostPath,
      port: port.default(9090),
      /** That it is bound to; requestPath.ts has what holds when absent. */
      address: listenAddress.optional(),
      scrapeIntervalSeconds: z.int().min(1).max(60).default(1),
      /** Answers by https alone. */
      tls: z
        .strictObject({
          /** Paths on the host, PEM: the key never leaves it. */
          certificateFile: hostPath,
          keyFile: hostPath,
          /** Path on the machine that casper runs on, PEM: who has signed it; the authorities that Node knows when absent. */
          authorityFile: z.string().min(1).optional(),
        })
        .optional(),
      /** Answers this user alone. */
      login: z
        .strictObject({
          user: z
            .string()
            .regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots, dashes and underscores'),
          /** Environment variable that holds the password. */
          passwordVariable: z
            .string()
            .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable')
            .default('CASPER_PROMETHEUS_PASSWORD'),
        })
        .optional(),
    })
    .optional(),
});

const clusterSchema = z.strictObject({
  /** Context of the kubeconfig to act on. Named, so that whatever context is current is never touched by accident. */
  context: z.string().min(1),
  /** Path of the kubeconfig; without it $KUBECONFIG, then ~/.kube/config, as kubectl does. */
  kubeconfig: z.string().min(1).optional(),
});

/** One of several clusters; its name is part of Pulumi's names for what is in it. */
const namedClusterSchema = clusterSchema.extend({ name: regionName });

/** What a region holds; casper:capacity says it for all regions, casper:regions[].capacity for one of them. */
const capacityFields = {
  /** Requests/s that one server carries. */
  requestsPerServer: z.int().min(1).exactOptional(),
  /** CPU limit that one server adds, and the constant on top of it. */
  cpuMillicoresPerServer: z.int().min(1).exactOptional(),
  epsilonMillicores: z.int().min(1).exactOptional(),
  /** CPU request as a share of the CPU limit. */
  cpuRequestPercent: z.int().min(1).max(100).exactOptional(),
  /** Fewest servers that a plan is made with; they run without requests too. */
  minServers: count.exactOptional(),
  maxServers: z.int().min(1).exactOptional(),
  /** Most servers in one pod; all of a region's are in one when absent. */
  serversPerPod: z.int().min(1).exactOptional(),
};

const regionCapacitySchema = z.strictObject(capacityFields);

type RegionCapacity = z.infer<typeof regionCapacitySchema>;

/** What a region holds, in full. */
export type Capacity = Required<Omit<RegionCapacity, 'serversPerPod'>> &
  Pick<RegionCapacity, 'serversPerPod'>;

/** The reference's constants: README and its appendix of carbonfirst/casper; limit = 10 * servers + 1, request 0.9 of it. */
export const referenceCapacity: Capacity = {
  requestsPerServer: 10,
  cpuMillicoresPerServer: 10,
  epsilonMillicores: 1,
  cpuRequestPercent: 90,
  minServers: 0,
  maxServers: 100,
};

/** What keys of casper:capacity were called before; they still work. */
const formerNames = { requestPercent: 'cpuRequestPercent', maxServersPerRegion: 'maxServers' } as const;

const capacitySchema = regionCapacitySchema
  .extend({
    requestPercent: capacityFields.cpuRequestPercent,
    maxServersPerRegion: capacityFields.maxServers,
  })
  .superRefine((values, context) => {
    for (const former of ['requestPercent', 'maxServersPerRegion'] as const) {
      const name = formerNames[former];
      if (values[former] !== undefined && values[name] !== undefined) {
        context.addIssue({
          code: 'custom',
          path: [former],
          message: `is called ${name} now, which is given too; remove ${former}`,
        });
      }
    }
  })
  .transform(({ requestPercent, maxServersPerRegion, ...values }): Capacity => ({
    ...referenceCapacity,
    ...(requestPercent !== undefined && { cpuRequestPercent: requestPercent }),
    ...(maxServersPerRegion !== undefined && { maxServers: maxServersPerRegion }),
    ...values,
  }));

const kubernetesName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]{0,238}[a-z0-9])?$/,
    'expected the name of a Kubernetes object: lower-case letters, digits, dashes and dots',
  );

const regionSchema = z.strictObject({
  name: regionName,
  /** Name of the one of casper:clusters that it runs in; may be absent where there is only one. */
  cluster: z.string().exactOptional(),
  /** Labels of the nodes that stand in this region; without it any node may run its pods. */
  nodeSelector: z.record(z.string(), z.string()).optional(),
  /** Regions that name the same one are lost together, and none of them stands in for another; alone when absent. */
  failureDomain: z.string().min(1).optional(),
  /** What differs here from casper:capacity. */
  capacity: regionCapacitySchema.optional(),
  ...gridFields,
  /** The Deployment whose pods are the region's, where casper:service.deployment is existing. */
  deployment: z
    .strictObject({
      name: kubernetesName,
      /** The container that serves: the plan's CPU is its CPU. */
      container: kubernetesName,
      /** A Service that is there already, at the address of loadBalancer; absent, the stack makes one. */
      service: kubernetesName.exactOptional(),
    })
    .exactOptional(),
  /** Address that MetalLB gives to the region's Service, and its port; without it only the cluster itself reaches the region. */
  loadBalancer: z.strictObject({ address: z.ipv4(), port: z.int().min(1).max(65_535) }).optional(),
  /** The proxy of the requests that come from the region; all regions have one, or none has. */
  traefik: z
    .strictObject({
      /** Name of one of casper:hosts. */
      host: z.string(),
      /** Port of the host that the region's requests come in at. */
      entryPointPort: port,
      /** Port of the host that Prometheus scrapes. */
      metricsPort: port,
      /** Port of the host's loopback for Traefik's API, which has no password. */
      apiPort: port,
    })
    .optional(),
});

const platformPart = {
  /** Whether the stack installs it; false where the cluster has it. */
  install: z.boolean().default(true),
  /** Path of upstream's manifest, or its address, which has to begin with https://. */
  manifest: z
    .string()
    .min(1)
    .regex(/^(https:\/\/|(?![a-z]+:\/\/))/i, 'expected a path, or an address that begins with https://')
    .optional(),
  /** SHA-256 of the manifest, in hexadecimal: what is fetched must be what was looked at. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected the 64 hexadecimal digits that sha256sum prints')
    .optional(),
};
const needsDigest = ({
  manifest,
  sha256,
}: {
  manifest?: string | undefined;
  sha256?: string | undefined;
}): boolean => !/^https:/i.test(manifest ?? '') || sha256 !== undefined;
const digestMissing = {
  error: 'expected what `curl -L ADDRESS | sha256sum` prints, as the manifest is an address',
  path: ['sha256'],
};
const needsManifest = ({ install, manifest }: { install: boolean; manifest?: string | undefined }): boolean =>
  !install || manifest !== undefined;
const manifestMissing = {
  error: 'expected manifest, a path or an address, or install: false',
  path: ['manifest'],
};

const platformSchema = z.strictObject({
  /** Gives the regions' Services the addresses of casper:regions. */
  metalLb: z
    .strictObject({ ...platformPart, namespace: z.string().min(1).default('metallb-system') })
    .refine(needsManifest, manifestMissing)
    .refine(needsDigest, digestMissing)
    .optional(),
  /** Answers `kubectl top`. */
  metricsServer: z
    .strictObject({ ...platformPart, extraArgs: z.array(z.string()).default([]) })
    .refine(needsManifest, manifestMissing)
    .refine(needsDigest, digestMissing)
    .optional(),
});

const namespace = z.string().regex(/^(?!kube-)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
  error:
    'expected a namespace of the service’s own: letters, digits and dashes, and none of Kubernetes’ kube-*',
});

/** What is said of a service, whoever has made its Deployments. */
const serviceFields = {
  port: z.int().min(1).max(65_535).default(8080),
  /** Path that answers 200 once the service can serve. */
  readinessPath: z.string().startsWith('/').default('/'),
  /** Bound of one region's rollout; keep it well under the scheduling interval. */
  rolloutTimeoutSeconds: z.int().min(5).max(3600).default(180),
  /** How a region's CPU is changed: in its pods, without a restart (Kubernetes 1.33 on), or by pods that take over. */
  cpuChange: z.enum(['inPlace', 'rollout']).default('inPlace'),
  /** How long a change in place may take before the region's pods are replaced instead. */
  resizeTimeoutSeconds: z.int().min(1).max(3600).default(30),
  /** Bound of a whole update, a preview or a refresh; updateSeconds.ts has what holds when absent. */
  updateTimeoutSeconds: z.int().min(10).max(86_400).exactOptional(),
  /** Keep the reference's epsilon pod in regions without servers instead of none. */
  keepWarm: z.boolean().default(false),
};

/** A service whose Deployments the stack makes, and deletes in the end. */
const ownServiceSchema = z
  .strictObject({
    ...serviceFields,
    deployment: z.literal('own').exactOptional(),
    namespace: namespace.default('casper'),
    /** Whether the stack makes the namespace, and deletes it in the end; false for one that is somebody else's. */
    createNamespace: z.boolean().default(true),
    image: z.string().min(1),
    args: z.array(z.string()).optional(),
    /** Name of a secret of type kubernetes.io/dockerconfigjson that is in the namespace already. */
    pullSecret: z.string().min(1).optional(),
    /** Kernel parameters of the pods' own namespaces; values in quotes. The kubelet must allow those that are not safe. */
    sysctls: z.record(z.string().regex(/^[a-z0-9_]+([./-][a-z0-9_]+)+$/), z.string().min(1)).default({}),
    /** User id that the container runs as; 0 is root, which Pod Security `restricted` refuses. */
    runAsUser: z.int().min(0).max(2_147_483_647).default(65_532),
    /** Folders that the container may write to, empty when a pod starts; all else is read-only. */
    writablePaths: z
      .array(
        z
          .string()
          .regex(
            /^(\/(?!\.{1,2}(\/|$))[^/:]+)+$/,
            'expected an absolute path without a colon, as in /var/cache',
          ),
      )
      .default(['/tmp']),
    /** Memory of a pod in MiB: above the limit it is ended and started anew; the request is what the scheduler keeps free. */
    memoryLimitMebibytes: z.int().min(4).max(16_777_216).default(1024),
    memoryRequestMebibytes: z.int().min(1).max(16_777_216).default(64),
    /** Path that answers while the service lives; a pod that does not answer for a minute is started anew. Absent: no pod is. */
    livenessPath: z.string().startsWith('/').optional(),
    /** How long a pod that leaves goes on serving, so that every load balancer has taken it out by then. */
    drainSeconds: z.int().min(0).max(3600).default(5),
  })
  .refine(
    ({ memoryLimitMebibytes, memoryRequestMebibytes }) => memoryRequestMebibytes <= memoryLimitMebibytes,
    {
      error: 'is more than memoryLimitMebibytes; lower it, or raise that',
      path: ['memoryRequestMebibytes'],
    },
  );

/** A service whose Deployments are somebody else's: the stack sets how many pods they have, and the CPU of one container. */
const existingServiceSchema = z.strictObject({
  ...serviceFields,
  deployment: z.literal('existing'),
  namespace,
  createNamespace: z
    .literal(false, { error: 'expected false: the Deployments are there already, and so is their namespace' })
    .default(false),
});

const serviceSchema = z.discriminatedUnion('deployment', [ownServiceSchema, existingServiceSchema], {
  error: 'expected own, the default, or existing',
});

/** What may be ready for the loss of a region, from the least. */
export const heldReadyLevels = ['none', 'limit', 'servers'] as const;

/** What is ready for the loss of a region, and how soon a loss is seen; docs/configuration.md says what each costs. */
const resilienceSchema = z.strictObject({
  /**
   * `none`: nothing, and requests to a lost region fail. `limit`: pods whose CPU limit carries a lost region's requests,
   * which reserves nothing. `servers`: N-1, the other regions' servers carry all requests whichever one is lost.
   */
  heldReady: z.enum(heldReadyLevels).default('limit'),
  /** The largest share of all requests that a plan sends to one region. */
  maxSharePercent: z.int().min(1).max(100).exactOptional(),
  /** How often every proxy asks the regions that it may send to. */
  healthCheckSeconds: z.int().min(1).max(60).default(1),
  /** How long an answer may take: longer than the slowest pair of regions needs, and than a region that is busy. */
  healthCheckTimeoutMs: z.int().min(100).max(30_000).default(2000),
});

/**
 * Pulumi reads an unquoted time in a stack file as a YAML timestamp and hands it on, or writes it back, in Go's own
 * form, "2022-08-13 00:00:00 +0000 UTC": both forms mean the same interval.
 */
const intervalStart = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+0000 UTC$/, '$1T$2Z')
      : value,
  z.iso.datetime({ error: 'expected an ISO 8601 time in UTC, as in 2022-08-13T00:00:00Z' }),
);

const row = z.record(regionName, z.int().min(1).max(1_000_000));

/** What a plan may be accepted with where somebody names it; servingChecks.ts and driver/nodeRoom.ts say what each is. */
export const acceptedFaults = ['servesNobody', 'originWithoutRow', 'overCapacity', 'nodeCpu'] as const;

const planSchema = z.strictObject({
  interval: intervalStart,
  policy: z.string().min(1),
  regions: z.record(
    regionName,
    z.strictObject({
      servers: count,
      cpuMillicores,
      /** CPU limit on top of cpuMillicores, for requests that come only where another region is lost; not requested. */
      standbyMillicores: cpuMillicores.exactOptional(),
    }),
  ),
  /** Traffic weights, by origin and destination: planned requests, divided by the greatest common divisor of the origin's. */
  weights: z.record(regionName, row),
  /** Where the share of an origin's destination goes while that destination is lost: weights, by origin and destination. */
  backup: z.record(regionName, z.record(regionName, row)).exactOptional(),
  /** Regions that are lost: nothing is sent there, nothing is changed there and nothing waits for them. */
  without: z.array(regionName).exactOptional(),
  /** Requests/s that are planned for, by origin: what the rows send must fit what the servers carry. Unknown when absent. */
  requestsPerSecond: z.record(regionName, z.number().min(0).max(1e9)).exactOptional(),
  /** Faults of this plan that it is carried out with all the same. */
  accepts: z.array(z.enum(acceptedFaults)).exactOptional(),
});

export const stackSchema = z.strictObject({
  /** The cluster of all regions, or several, of which every region names its own. */
  cluster: clusterSchema.exactOptional(),
  clusters: z.array(namedClusterSchema).min(1).exactOptional(),
  /**
   * What the stack makes: all of it, only what casper:platform installs, or all but that. The platform seldom changes,
   * and looking at it takes a third of every update: in a stack of its own it is left alone. `handOver` is all of it on
   * the way there: what is installed stays when this stack no longer has it.
   */
  scope: z.enum(['everything', 'handOver', 'platform', 'service']).default('everything'),
  regions: z.array(regionSchema).min(1),
  hosts: z.array(hostSchema).default([]),
  capacity: capacitySchema.prefault({}),
  service: serviceSchema,
  platform: platformSchema.default({}),
  resilience: resilienceSchema.prefault({}),
  /** Where the carbon intensity of now comes from; absent where plans are made from traces alone. */
  signals: signalsSchema.exactOptional(),
  /** Where the requests/s of now come from. */
  demand: demandSchema.prefault({}),
  live: liveSchema.prefault({}),
  plan: planSchema,
});

export type StackConfig = z.infer<typeof stackSchema>;
export type RegionConfig = StackConfig['regions'][number];
export type HostConfig = StackConfig['hosts'][number];
export type ServiceConfig = StackConfig['service'];
export type OwnServiceConfig = Exclude<ServiceConfig, { deployment: 'existing' }>;
export type StackPlan = StackConfig['plan'];
export type AcceptedFault = (typeof acceptedFaults)[number];
export type Resilience = StackConfig['resilience'];
/** What is ready for the loss of a region. */
export type HeldReady = (typeof heldReadyLevels)[number];
