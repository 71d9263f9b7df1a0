import * as pulumi from '@pulumi/pulumi';
import { PodCpu, type PodCpuArgs } from './podCpu/podCpu';
import type { RegionServiceArgs } from './regionServiceArgs';
import { cpuOf, podCount } from './regionSpecs';

/** Where a region's pods are, and how long a change of their CPU may take. */
export type RegionPods = Pick<
  PodCpuArgs,
  'context' | 'kubeconfig' | 'namespace' | 'deployment' | 'labels' | 'container' | 'timeoutSeconds'
>;

/** Brings a region's pods that run to their CPU. */
export function regionPodCpu(
  name: string,
  args: Pick<
    RegionServiceArgs,
    'region' | 'cpuMillicores' | 'standbyMillicores' | 'cpuRequestPercent' | 'pods'
  >,
  pods: RegionPods,
  opts: pulumi.CustomResourceOptions,
): PodCpu {
  const { cpuMillicores, standbyMillicores } = args;
  const cpu = pulumi
    .output(args.cpuRequestPercent)
    .apply((cpuRequestPercent) => cpuOf({ cpuMillicores, standbyMillicores, cpuRequestPercent }));
  return new PodCpu(
    name,
    {
      ...pods,
      instance: args.region,
      pods: podCount(args),
      limitMillicores: cpu.limitMillicores,
      requestMillicores: cpu.requestMillicores,
    },
    opts,
  );
}
