import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import type { ExistingDeploymentArgs } from '../components/existingDeployment';
import type { Host } from '../components/host/host';
import type { OriginProxyArgs } from '../components/originProxy';
import { readManifest } from '../components/platform/manifest';
import type { MetalLbArgs } from '../components/platform/metalLb';
import type { MetricsServerArgs } from '../components/platform/metricsServer';
import type { PrometheusServerArgs } from '../components/prometheusServer';
import type { InPlace, RegionServiceArgs } from '../components/regionServiceArgs';
import { capacityOf, limitMillicoresOf, podCeilingMillicores, podsOf } from '../stack/capacity';
import { clusterOf } from '../stack/clusters';
import { destinationUrls, originsOf, type Origin, type Watcher } from '../stack/requestPath';
import { prometheusPassword } from '../stack/prometheusPassword';
import { fieldManagerOf } from '../stack/deployments';
import { passwordHash } from './passwordHash';
import type { HostConfig, OwnServiceConfig, RegionConfig, StackConfig } from '../stack/stackConfig';

/** From the stack config to the arguments of components, key by key: nothing else of the config gets into the state. */

/**
 * What the service of one region is.
 * @param podsBefore how many pods it has now
 */
export function regionServiceArgs(
  config: StackConfig,
  service: OwnServiceConfig,
  region: RegionConfig,
  namespace: pulumi.Input<string>,
  podsBefore: number | undefined,
): RegionServiceArgs {
  const { plan } = config;
  const capacity = capacityOf(config, region.name);
  return {
    region: region.name,
    namespace,
    image: service.image,
    args: service.args,
    port: service.port,
    pullSecret: service.pullSecret,
    readinessPath: service.readinessPath,
    livenessPath: service.livenessPath,
    nodeSelector: region.nodeSelector,
    sysctls: service.sysctls,
    runAsUser: service.runAsUser,
    writablePaths: service.writablePaths,
    memoryLimitMebibytes: service.memoryLimitMebibytes,
    memoryRequestMebibytes: service.memoryRequestMebibytes,
    drainSeconds: service.drainSeconds,
    rolloutTimeoutSeconds: service.rolloutTimeoutSeconds,
    address: region.loadBalancer,
    cpuMillicores: plan.regions[region.name]?.cpuMillicores ?? 0,
    standbyMillicores: plan.regions[region.name]?.standbyMillicores,
    cpuRequestPercent: capacity.cpuRequestPercent,
    ...(capacity.serversPerPod !== undefined && {
      pods: { count: podsOf(limitMillicoresOf(plan, region.name), capacity), before: podsBefore },
    }),
    inPlace: inPlaceOf(config, region),
  };
}

/**
 * The same where the Deployment is somebody else's.
 * @param stack name of the Pulumi stack
 * @throws Error for a region without a Deployment or a cluster, which the stack config's checks refuse
 */
export function existingDeploymentArgs(
  config: StackConfig,
  region: RegionConfig,
  stack: string,
  podsBefore: number | undefined,
): ExistingDeploymentArgs {
  const { service, plan } = config;
  const { name, deployment, loadBalancer } = region;
  const cluster = clusterOf(config, region);
  if (!deployment || !cluster) throw new Error(`${name} names no Deployment`);
  const capacity = capacityOf(config, name);
  return {
    region: name,
    namespace: service.namespace,
    deployment: deployment.name,
    container: deployment.container,
    service: deployment.service,
    context: cluster.context,
    kubeconfig: cluster.kubeconfig,
    fieldManager: fieldManagerOf(stack),
    port: service.port,
    rolloutTimeoutSeconds: service.rolloutTimeoutSeconds,
    address: loadBalancer,
    cpuMillicores: plan.regions[name]?.cpuMillicores ?? 0,
    standbyMillicores: plan.regions[name]?.standbyMillicores,
    cpuRequestPercent: capacity.cpuRequestPercent,
    pods: { count: podsOf(limitMillicoresOf(plan, name), capacity), before: podsBefore },
    resizeTimeoutSeconds: service.cpuChange === 'inPlace' ? service.resizeTimeoutSeconds : undefined,
  };
}

function inPlaceOf(config: StackConfig, region: RegionConfig): InPlace | undefined {
  const { service } = config;
  const cluster = clusterOf(config, region);
  if (service.cpuChange === 'rollout' || !cluster) return undefined;
  return {
    context: cluster.context,
    kubeconfig: cluster.kubeconfig,
    ceilingMillicores: podCeilingMillicores(capacityOf(config, region.name)),
    timeoutSeconds: service.resizeTimeoutSeconds,
  };
}

/** What the proxy of one origin is. */
export function originProxyArgs(
  { regions, plan, service, resilience }: StackConfig,
  origin: Origin,
): OriginProxyArgs {
  const { name, host, entryPointAddress, metricsAddress, apiAddress } = origin;
  return {
    host: hostOf(host),
    folder: `${host.folder}/traefik-${name}`,
    program: host.traefik ?? '',
    entryPointAddress,
    metricsAddress,
    apiAddress,
    destinations: destinationUrls(regions),
    weights: plan.weights[name] ?? {},
    backup: plan.backup?.[name],
    watched: plan.without,
    healthCheck:
      resilience.heldReady === 'none'
        ? undefined
        : {
            path: service.readinessPath,
            intervalSeconds: resilience.healthCheckSeconds,
            timeoutMs: resilience.healthCheckTimeoutMs,
          },
  };
}

/**
 * What the Prometheus of all origins is.
 * @throws StackConfigError where it takes a password that the environment does not hold
 */
export async function prometheusServerArgs(
  config: StackConfig,
  watcher: Watcher,
): Promise<PrometheusServerArgs> {
  const { host, program, address, scrapeIntervalSeconds, tls, login } = watcher;
  return {
    host: hostOf(host),
    folder: `${host.folder}/prometheus`,
    program,
    address,
    scrapeIntervalSeconds,
    targets: Object.fromEntries(originsOf(config).map(({ name, metricsAddress }) => [name, metricsAddress])),
    tls: tls && { certificateFile: tls.certificateFile, keyFile: tls.keyFile },
    login: login && {
      user: login.user,
      passwordHash: pulumi.secret(
        await passwordHash(prometheusPassword({ host, login }), `${host.name} ${address} ${login.user}`),
      ),
    },
  };
}

function hostOf({ name, address, ssh }: HostConfig): Host {
  if (!ssh) return { name };
  const { port, user, privateKeyFile, hostKey } = ssh;
  const privateKey =
    privateKeyFile === undefined ? undefined : pulumi.secret(readFileSync(privateKeyFile, 'utf8'));
  return { name, connection: { host: address, port, user, privateKey, hostKey } };
}

/** MetalLB, and its pool of the regions' addresses; undefined where the stack has nothing to do with it. */
export async function metalLbArgs(
  { platform, scope, regions }: StackConfig,
  namePrefix: string | undefined,
): Promise<MetalLbArgs | undefined> {
  if (!platform.metalLb) return undefined;
  const { namespace, install, manifest, sha256 } = platform.metalLb;
  const addresses = regions.flatMap(({ loadBalancer }) => (loadBalancer ? [loadBalancer.address] : []));
  return {
    manifest:
      install && scope !== 'service' && manifest !== undefined ? await readManifest(manifest, sha256) : [],
    namePrefix,
    retained: scope === 'handOver',
    namespace,
    addresses: scope === 'platform' ? [] : [...new Set(addresses)],
  };
}

/** metrics-server; undefined where it is not this stack that installs it. */
export async function metricsServerArgs(
  { platform, scope }: StackConfig,
  namePrefix: string | undefined,
): Promise<MetricsServerArgs | undefined> {
  const { install, manifest, sha256, extraArgs } = platform.metricsServer ?? {};
  if (scope === 'service' || !install || manifest === undefined) return undefined;
  return {
    manifest: await readManifest(manifest, sha256),
    namePrefix,
    retained: scope === 'handOver',
    extraArgs,
  };
}
