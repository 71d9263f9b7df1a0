import * as pulumi from '@pulumi/pulumi';
import type { BorrowedDeploymentInputs } from './inputs';

export type BorrowedDeploymentArgs = {
  readonly [K in keyof BorrowedDeploymentInputs]: pulumi.Input<BorrowedDeploymentInputs[K]>;
};

/**
 * Another's Deployment that is patched: made before the patch, it keeps what the Deployment had, and deleted it gives
 * that back. Upstream's patches only let go of their fields, which fall to Kubernetes' defaults then: one pod, no CPU
 * limit. Served by `pulumi-resource-casper`.
 */
export class BorrowedDeployment extends pulumi.CustomResource {
  /** Labels by which the Deployment selects its pods. */
  declare public readonly labels: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: BorrowedDeploymentArgs, opts?: pulumi.CustomResourceOptions) {
    super('casper:index:BorrowedDeployment', name, { ...args, labels: undefined, former: undefined }, opts);
  }
}
