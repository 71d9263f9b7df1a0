import { Namespace } from '@pulumi/kubernetes/core/v1/namespace';
import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { kubeConfigOf } from './cluster/connection';
import { OriginProxy } from './components/originProxy';
import { owned } from './components/owned';
import { MetalLb } from './components/platform/metalLb';
import { MetricsServer } from './components/platform/metricsServer';
import { PrometheusServer } from './components/prometheusServer';
import { RegionService } from './components/regionService';
import { changeOrder } from './planning/changeOrder';
import * as args from './program/componentArgs';
import { cpuBefore } from './program/cpuBefore';
import { assertNamespaceIsOurs, madeByStack, namespaceMade } from './program/namespaceOwner';
import { OwnOutputs } from './program/ownOutputs';
import { limitMillicoresOf } from './stack/capacity';
import { originsOf, watcherOf } from './stack/requestPath';
import { parseProgramConfig } from './stack/stackConfig';

/** The Pulumi program: stack config -> platform, the service of every region, the way of the requests -> outputs. */
export = async () => {
  const config = parseProgramConfig(pulumi.runtime.allConfig(), pulumi.getStack());
  const { cluster, regions, plan } = config;
  const { context, kubeconfig } = cluster;
  const kubeConfig = kubeConfigOf(cluster);
  const next = Object.fromEntries(regions.map(({ name }) => [name, limitMillicoresOf(plan, name)]));
  const outputs = new OwnOutputs();
  const serves = config.scope !== 'platform';
  const [before] = await Promise.all([
    cpuBefore(kubeConfig, config, outputs),
    serves && assertNamespaceIsOurs(kubeConfig, config.service, pulumi.getStack(), outputs),
  ]);
  const order = changeOrder(before, next, plan.without);

  const provider = new Provider('cluster', { context, ...(kubeconfig !== undefined && { kubeconfig }) });
  const metalLbArgs = await args.metalLbArgs(config);
  const metalLb = metalLbArgs ? [new MetalLb('metallb', metalLbArgs, { provider })] : [];
  const metricsServerArgs = await args.metricsServerArgs(config);
  // Nothing waits for it: it answers people and not the service.
  if (metricsServerArgs) new MetricsServer('metrics-server', metricsServerArgs, { provider });
  if (!serves) return {};

  const annotations = { ...owned, [madeByStack]: pulumi.getStack() };
  const metadata = { name: config.service.namespace, annotations };
  const namespace = config.service.createNamespace
    ? new Namespace('namespace', { metadata }, { provider }).metadata.name
    : config.service.namespace;
  const deploy = (names: readonly string[], dependsOn: pulumi.Resource[]): RegionService[] =>
    regions
      .filter(({ name }) => names.includes(name))
      .map((region) => {
        const podsBefore = before[region.name]?.pods;
        const described = args.regionServiceArgs(config, region, namespace, podsBefore);
        return new RegionService(region.name, described, { provider, dependsOn });
      });
  const grown = deploy(order.growing, metalLb);
  const unchanged = deploy(order.unchanged, metalLb);
  const proxies = originsOf(config).map(
    (origin) => new OriginProxy(origin.name, args.originProxyArgs(config, origin), { dependsOn: grown }),
  );
  const shrunk = deploy(order.shrinking, [...metalLb, ...grown, ...proxies]);
  const watcher = watcherOf(config);
  const prometheus =
    watcher && new PrometheusServer('prometheus', args.prometheusServerArgs(config, watcher));

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
