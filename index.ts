import * as pulumi from '@pulumi/pulumi';
import { stackClusters } from './cluster/stackClusters';
import { OriginProxy } from './components/originProxy';
import { PrometheusServer } from './components/prometheusServer';
import { changeOrder } from './planning/changeOrder';
import { originProxyArgs, prometheusServerArgs } from './program/componentArgs';
import { setUpClusters } from './program/clusterParts';
import { cpuBefore } from './program/cpuBefore';
import { assertDeploymentsMayBePatched } from './program/existingDeployments';
import { assertNamespacesAreOurs, namespaceMade } from './program/namespaceOwner';
import { OwnOutputs } from './program/ownOutputs';
import { regionServices } from './program/regionServices';
import { limitMillicoresOf } from './stack/capacity';
import { originsOf, watcherOf } from './stack/requestPath';
import { parseProgramConfig } from './stack/stackConfig';

/** The Pulumi program: stack config -> platform, the service of every region, the way of the requests -> outputs. */
export = async () => {
  const config = parseProgramConfig(pulumi.runtime.allConfig(), pulumi.getStack());
  const { regions, plan, scope } = config;
  const stack = pulumi.getStack();
  const clusters = stackClusters(config);
  const watcher = scope === 'platform' ? undefined : watcherOf(config);
  // A password that is missing is found before anything is registered.
  const watching = watcher && (await prometheusServerArgs(config, watcher));
  const outputs = new OwnOutputs();
  const [before] = await Promise.all([
    cpuBefore(clusters, config, outputs),
    assertNamespacesAreOurs(clusters, config, stack, outputs),
    assertDeploymentsMayBePatched(clusters, config, stack),
  ]);
  const parts = await setUpClusters(clusters, config, stack, before.silent);
  if (scope === 'platform') return {};

  const next = Object.fromEntries(regions.map(({ name }) => [name, limitMillicoresOf(plan, name)]));
  const order = changeOrder(before.cpu, next, plan.without);
  const grown = regionServices(config, order.growing, parts, before);
  const unchanged = regionServices(config, order.unchanged, parts, before);
  const proxies = originsOf(config).map(
    (origin) => new OriginProxy(origin.name, originProxyArgs(config, origin), { dependsOn: grown }),
  );
  const shrunk = regionServices(config, order.shrinking, parts, before, [...grown, ...proxies]);
  const prometheus = watching && new PrometheusServer('prometheus', watching);

  const services = [...grown, ...unchanged, ...shrunk];
  return {
    interval: plan.interval,
    policy: plan.policy,
    [namespaceMade]: config.service.createNamespace,
    entryPoints: Object.fromEntries(proxies.map(({ origin, url }) => [origin, url])),
    traefikUrns: Object.fromEntries(proxies.map(({ origin, urns }) => [origin, urns])),
    ...(prometheus && { prometheusUrl: prometheus.url, prometheusUrn: prometheus.processUrn }),
    cpuMillicores: Object.fromEntries(services.map(({ region, cpuMillicores }) => [region, cpuMillicores])),
    cpuFallbacks: Object.fromEntries(services.map(({ region, cpuFallback }) => [region, cpuFallback])),
    endpoints: Object.fromEntries(services.map(({ region, endpoint }) => [region, endpoint])),
  };
};
