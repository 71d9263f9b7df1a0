/** Components for Pulumi programs: a web service in several regions, the CPU of its pods, and the way of its requests. */
export type { Host, SshConnection } from './host/host';
export { ExistingDeployment, type ExistingDeploymentArgs } from './existingDeployment';
export { OriginProxy, type OriginProxyArgs } from './originProxy';
export { KubernetesObject, ManifestError, readManifest } from './platform/manifest';
export type { KubernetesObjectArgs, ManifestObject } from './platform/manifest';
export { MetalLb, type MetalLbArgs } from './platform/metalLb';
export { MetricsServer, type MetricsServerArgs } from './platform/metricsServer';
export { PodCpu } from './podCpu/podCpu';
export { PrometheusServer, type PrometheusServerArgs } from './prometheusServer';
export type { PrometheusLogin, PrometheusTls } from './prometheusServer';
export { RegionService } from './regionService';
export type { InPlace, Pods, RegionServiceArgs, ServiceAddress } from './regionServiceArgs';
export type { HealthCheck } from './traefikConfig';
