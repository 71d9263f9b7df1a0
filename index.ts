import { Namespace } from '@pulumi/kubernetes/core/v1/namespace';
import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { KiwixRegion } from './components/kiwixRegion';
import { createPlatform } from './components/platform';
import { createRequestPath } from './components/requestPath';
import { ceilingMillicores, parseProgramConfig } from './config';
import { changeOrder, type CpuByRegion } from './planning/changeOrder';

/** The Pulumi program: stack config -> platform, one KiwixRegion a region, the request path -> outputs. */
export = async () => {
  const { cluster, regions, capacity, service, platform, hosts, plan } = parseProgramConfig(
    pulumi.runtime.allConfig(),
    pulumi.getStack(),
  );
  // A driver that was killed between making an object and noting it finds the object again.
  const provider = new Provider('cluster', { ...cluster, upsertExistingObjects: true });
  const addresses = regions.flatMap(({ loadBalancer }) => (loadBalancer ? [loadBalancer.address] : []));
  const installed = await createPlatform({ ...platform, addresses: [...new Set(addresses)] }, { provider });
  const namespace = new Namespace('namespace', { metadata: { name: service.namespace } }, { provider });

  const self = new pulumi.StackReference(
    `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  );
  const live = ((await self.getOutputDetails('cpuMillicores')).value ?? {}) as CpuByRegion;
  const next = Object.fromEntries(regions.map(({ name }) => [name, plan.regions[name]?.cpuMillicores ?? 0]));
  const { growing, unchanged, shrinking } = changeOrder(live, next);

  const deployed: Record<string, KiwixRegion> = {};
  const deploy = (name: string, dependsOn: pulumi.Resource[]): void => {
    const region = regions.find((candidate) => candidate.name === name);
    deployed[name] = new KiwixRegion(
      name,
      {
        ...service,
        region: name,
        namespace: namespace.metadata.name,
        nodeSelector: region?.nodeSelector,
        loadBalancer: region?.loadBalancer,
        cpuMillicores: next[name] ?? 0,
        requestPercent: capacity.requestPercent,
        inPlace:
          service.cpuChange === 'inPlace'
            ? {
                ...cluster,
                ceilingMillicores: ceilingMillicores(capacity),
                timeoutSeconds: service.resizeTimeoutSeconds,
              }
            : undefined,
      },
      { provider, dependsOn },
    );
  };
  for (const name of [...growing, ...unchanged]) deploy(name, installed);
  const grown = growing.map((name) => deployed[name]).filter((region) => region !== undefined);
  const { weights } = plan;
  const { traefiks, ...path } = createRequestPath({ hosts, regions, weights }, { dependsOn: grown });
  for (const name of shrinking) deploy(name, [...installed, ...grown, ...traefiks]);

  return {
    interval: plan.interval,
    policy: plan.policy,
    cpuMillicores: Object.fromEntries(regions.map(({ name }) => [name, deployed[name]?.cpuMillicores])),
    ...path,
    endpoints: Object.fromEntries(regions.map(({ name }) => [name, deployed[name]?.endpoint])),
  };
};
