import { Namespace } from '@pulumi/kubernetes/core/v1/namespace';
import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { KiwixRegion } from './components/kiwixRegion';
import { lastOutput } from './components/lastOutput';
import { createPlatform } from './components/platform';
import { createRequestPath } from './components/requestPath';
import { capacityOf, ceilingMillicores } from './stack/capacity';
import { parseProgramConfig } from './stack/stackConfig';
import { changeOrder, type CpuByRegion } from './planning/changeOrder';

/** The Pulumi program: stack config -> platform, one KiwixRegion a region, the request path -> outputs. */
export = async () => {
  const config = parseProgramConfig(pulumi.runtime.allConfig(), pulumi.getStack());
  const { cluster, scope, regions, service, platform, hosts, plan } = config;
  // Before any other resource: a file backend writes the state that this reads with every step that ends.
  const live = ((await lastOutput('cpuMillicores')) ?? {}) as CpuByRegion;
  // A driver that was killed between making an object and noting it finds the object again.
  const provider = new Provider('cluster', { ...cluster, upsertExistingObjects: true });
  const addresses = regions.flatMap(({ loadBalancer }) => (loadBalancer ? [loadBalancer.address] : []));
  const installed = await createPlatform(
    {
      ...platform,
      install: scope !== 'service',
      addresses: scope === 'platform' ? [] : [...new Set(addresses)],
    },
    { provider },
  );
  if (scope === 'platform') return {};
  const namespace = new Namespace('namespace', { metadata: { name: service.namespace } }, { provider });

  const next = Object.fromEntries(regions.map(({ name }) => [name, plan.regions[name]?.cpuMillicores ?? 0]));
  const order = changeOrder(live, next);
  const inPlace =
    service.cpuChange === 'inPlace'
      ? { ...cluster, timeoutSeconds: service.resizeTimeoutSeconds }
      : undefined;
  const deploy = (names: readonly string[], dependsOn: pulumi.Resource[]): KiwixRegion[] =>
    regions
      .filter(({ name }) => names.includes(name))
      .map(
        (region) =>
          new KiwixRegion(
            region.name,
            {
              ...service,
              ...region,
              namespace: namespace.metadata.name,
              cpuMillicores: next[region.name] ?? 0,
              requestPercent: capacityOf(config, region.name).cpuRequestPercent,
              inPlace: inPlace && {
                ...inPlace,
                ceilingMillicores: ceilingMillicores(capacityOf(config, region.name)),
              },
            },
            { provider, dependsOn },
          ),
      );
  const grown = deploy(order.growing, installed);
  const unchanged = deploy(order.unchanged, installed);
  const { traefiks, ...path } = createRequestPath(
    { hosts, regions, weights: plan.weights },
    { dependsOn: grown },
  );
  const shrunk = deploy(order.shrinking, [...installed, ...grown, ...traefiks]);

  const deployed = [...grown, ...unchanged, ...shrunk];
  return {
    interval: plan.interval,
    policy: plan.policy,
    ...path,
    cpuMillicores: Object.fromEntries(deployed.map((region) => [region.name, region.cpuMillicores])),
    endpoints: Object.fromEntries(deployed.map((region) => [region.name, region.endpoint])),
  };
};
