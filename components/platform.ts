import type * as pulumi from '@pulumi/pulumi';
import { readManifest, type ManifestObject } from './manifest';
import { MetalLb } from './metalLb';
import { MetricsServer } from './metricsServer';

interface Part {
  readonly install: boolean;
  readonly manifest?: string | undefined;
}

export interface PlatformArgs {
  /** MetalLB; absent where the stack has nothing to do with it. */
  readonly metalLb?: (Part & { readonly namespace: string }) | undefined;
  readonly metricsServer?: (Part & { readonly extraArgs: readonly string[] }) | undefined;
  /** Whether anything is installed; without it only MetalLB's pool is made. */
  readonly install: boolean;
  /** Addresses that MetalLB gives to Services; no pool is made where there are none. */
  readonly addresses: readonly string[];
}

/** Creates what the cluster needs besides the service itself: MetalLB with its pool, metrics-server. */
export async function createPlatform(
  { metalLb, metricsServer, install, addresses }: PlatformArgs,
  opts: pulumi.ComponentResourceOptions,
): Promise<pulumi.Resource[]> {
  const objectsOf = async (part: Part): Promise<ManifestObject[]> =>
    install && part.install && part.manifest !== undefined ? readManifest(part.manifest) : [];
  const created: pulumi.Resource[] = [];
  if (metalLb) {
    const { namespace } = metalLb;
    created.push(new MetalLb('metallb', { objects: await objectsOf(metalLb), namespace, addresses }, opts));
  }
  if (install && metricsServer?.install) {
    const { extraArgs } = metricsServer;
    // Nothing waits for it: it answers people and not the service.
    new MetricsServer('metrics-server', { objects: await objectsOf(metricsServer), extraArgs }, opts);
  }
  return created;
}
