import { Namespace } from '@pulumi/kubernetes/core/v1/namespace';
import { Provider } from '@pulumi/kubernetes/provider';
import * as pulumi from '@pulumi/pulumi';
import { KiwixRegion } from './components/kiwixRegion';
import { parseProgramConfig } from './config';
import { changeOrder, type CpuByRegion } from './planning/changeOrder';

/** The Pulumi program: stack config -> one KiwixRegion a region -> outputs. */
export = async () => {
  const { cluster, regions, capacity, service, plan } = parseProgramConfig(
    pulumi.runtime.allConfig(),
    pulumi.getStack(),
  );
  // A driver that was killed between making an object and noting it finds the object again.
  const provider = new Provider('cluster', { ...cluster, upsertExistingObjects: true });
  const namespace = new Namespace('namespace', { metadata: { name: service.namespace } }, { provider });

  const self = new pulumi.StackReference(
    `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
  );
  const live = ((await self.getOutputDetails('cpuMillicores')).value ?? {}) as CpuByRegion;
  const next = Object.fromEntries(regions.map(({ name }) => [name, plan.regions[name]?.cpuMillicores ?? 0]));
  const { growing, unchanged, shrinking } = changeOrder(live, next);

  const deployed: Record<string, KiwixRegion> = {};
  const deploy = (name: string, dependsOn: pulumi.Resource[]): void => {
    deployed[name] = new KiwixRegion(
      name,
      {
        ...service,
        region: name,
        namespace: namespace.metadata.name,
        nodeSelector: regions.find((region) => region.name === name)?.nodeSelector,
        cpuMillicores: next[name] ?? 0,
        requestPercent: capacity.requestPercent,
      },
      { provider, dependsOn },
    );
  };
  for (const name of [...growing, ...unchanged]) deploy(name, []);
  const grown = growing.map((name) => deployed[name]).filter((region) => region !== undefined);
  for (const name of shrinking) deploy(name, grown);

  return {
    interval: plan.interval,
    policy: plan.policy,
    cpuMillicores: Object.fromEntries(regions.map(({ name }) => [name, deployed[name]?.cpuMillicores])),
    endpoints: Object.fromEntries(regions.map(({ name }) => [name, deployed[name]?.endpoint])),
  };
};
