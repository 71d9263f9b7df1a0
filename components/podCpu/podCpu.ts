import * as pulumi from '@pulumi/pulumi';
import type { PodCpuInputs } from './inputs';

export type PodCpuArgs = { readonly [K in keyof PodCpuInputs]: pulumi.Input<PodCpuInputs[K]> };

/**
 * CPU of the pods that run now, changed without a restart through their `resize` subresource, which no Deployment can
 * ask for. Served by `pulumi-resource-casper`: a project that uses it names the folder `bin` beside this file in its
 * Pulumi.yaml, under `plugins`.
 */
export class PodCpu extends pulumi.CustomResource {
  /** CPU limit that the pods have. */
  declare public readonly limitMillicores: pulumi.Output<number>;
  /** Why the pods were replaced instead; empty when they were resized in place. */
  declare public readonly fallback: pulumi.Output<string>;

  constructor(name: string, args: PodCpuArgs, opts?: pulumi.CustomResourceOptions) {
    // A stack of version 0.1 has it as a dynamic resource: this provider takes it over as it is.
    const before = { aliases: [{ type: 'pulumi-nodejs:dynamic/casper:PodCpu' }] };
    super('casper:index:PodCpu', name, { ...args, fallback: undefined }, pulumi.mergeOptions(before, opts));
  }
}
