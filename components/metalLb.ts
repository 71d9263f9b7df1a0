import * as pulumi from '@pulumi/pulumi';
import { createManifest, KubernetesObject, type ManifestObject } from './manifest';

export interface MetalLbArgs {
  /** Objects of MetalLB's native manifest; none where the cluster has MetalLB already. */
  readonly objects: readonly ManifestObject[];
  /** Namespace that MetalLB runs in. */
  readonly namespace: string;
  /** Addresses that Services may ask for, IPv4, of the nodes' LAN but of no node; no pool is made where there are none. */
  readonly addresses: readonly string[];
}

const apiVersion = 'metallb.io/v1beta1';

/** Gives Services of type LoadBalancer an address on the nodes' LAN. */
export class MetalLb extends pulumi.ComponentResource {
  constructor(name: string, args: MetalLbArgs, opts?: pulumi.ComponentResourceOptions) {
    super('casper:index:MetalLb', name, { namespace: args.namespace, addresses: args.addresses }, opts);

    const installed = createManifest(args.objects, { parent: this });

    if (args.addresses.length > 0) createPool(name, args, { parent: this, dependsOn: installed });
    this.registerOutputs();
  }
}

function createPool(
  name: string,
  { namespace, addresses }: MetalLbArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const pool = new KubernetesObject(
    `${name}-pool`,
    {
      apiVersion,
      kind: 'IPAddressPool',
      metadata: { name: 'casper', namespace },
      // A Service that names no address of its own must not take one of these.
      spec: { addresses: addresses.map((address) => `${address}/32`), autoAssign: false },
    },
    opts,
  );
  new KubernetesObject(
    `${name}-advertisement`,
    {
      apiVersion,
      kind: 'L2Advertisement',
      metadata: { name: 'casper', namespace },
      spec: { ipAddressPools: ['casper'] },
    },
    { ...opts, dependsOn: [pool] },
  );
}
