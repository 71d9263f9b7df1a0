import * as pulumi from '@pulumi/pulumi';
import { createManifest, KubernetesObject, type ManifestObject } from './manifest';

export interface MetalLbArgs {
  /** Objects of MetalLB's native manifest, as `readManifest` gives them; none where the cluster has MetalLB already. */
  readonly manifest: readonly ManifestObject[];
  /** Before the names of the manifest's objects for Pulumi, where a program installs it in several clusters; nothing when absent. */
  readonly namePrefix?: string | undefined;
  /** Whether what is installed stays when a program no longer declares it, because another one does; false when absent. */
  readonly retained?: boolean | undefined;
  /** Namespace that MetalLB runs in. */
  readonly namespace: pulumi.Input<string>;
  /** Addresses that Services may ask for, IPv4, of the nodes' LAN but of no node; no pool is made where there are none. */
  readonly addresses: readonly pulumi.Input<string>[];
  /** Name of the pool of addresses and of its advertisement in the cluster; `casper` when absent. */
  readonly poolName?: pulumi.Input<string> | undefined;
}

const apiVersion = 'metallb.io/v1beta1';

/** Gives Services of type LoadBalancer an address on the nodes' LAN. */
export class MetalLb extends pulumi.ComponentResource {
  constructor(name: string, args: MetalLbArgs, opts?: pulumi.ComponentResourceOptions) {
    // Not the manifest: its objects are in the state already.
    super('casper:index:MetalLb', name, { namespace: args.namespace, addresses: args.addresses }, opts);
    const installed = createManifest(args.manifest, args.namePrefix ?? '', {
      parent: this,
      retainOnDelete: args.retained ?? false,
    });
    if (args.addresses.length > 0) createPool(name, args, { parent: this, dependsOn: installed });
    this.registerOutputs({});
  }
}

function createPool(name: string, args: MetalLbArgs, opts: pulumi.CustomResourceOptions): void {
  const metadata = { name: args.poolName ?? 'casper', namespace: args.namespace };
  const pool = new KubernetesObject(
    `${name}-pool`,
    {
      apiVersion,
      kind: 'IPAddressPool',
      metadata,
      // A Service that names no address of its own must not take one of these.
      spec: {
        addresses: args.addresses.map((address) => pulumi.interpolate`${address}/32`),
        autoAssign: false,
      },
    },
    opts,
  );
  new KubernetesObject(
    `${name}-advertisement`,
    { apiVersion, kind: 'L2Advertisement', metadata, spec: { ipAddressPools: [metadata.name] } },
    { ...opts, dependsOn: [pool] },
  );
}
