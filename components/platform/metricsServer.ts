import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { createManifest, ManifestError, type ManifestObject } from './manifest';

export interface MetricsServerArgs {
  /** Objects of metrics-server's manifest, as `readManifest` gives them. */
  readonly manifest: readonly ManifestObject[];
  /** Before the names of the manifest's objects for Pulumi, where a program installs it in several clusters; nothing when absent. */
  readonly namePrefix?: string | undefined;
  /** Whether what is installed stays when a program no longer declares it, because another one does; false when absent. */
  readonly retained?: boolean | undefined;
  /** Arguments after the manifest's own; `--kubelet-insecure-tls` where the kubelets sign their own certificates. */
  readonly extraArgs?: readonly pulumi.Input<string>[] | undefined;
}

const deploymentSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(z.looseObject({ args: z.array(z.string()).default([]) })).min(1),
      }),
    }),
  }),
});

/** Says how much CPU and memory pods and nodes use: `kubectl top` asks it. */
export class MetricsServer extends pulumi.ComponentResource {
  constructor(name: string, args: MetricsServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { manifest, extraArgs = [] } = args;
    super('casper:index:MetricsServer', name, { extraArgs }, opts);
    createManifest(
      manifest.map((object) => (object.kind === 'Deployment' ? withArgs(object, extraArgs) : object)),
      args.namePrefix ?? '',
      { parent: this, retainOnDelete: args.retained ?? false },
    );
    this.registerOutputs({});
  }
}

function withArgs(object: ManifestObject, extraArgs: readonly pulumi.Input<string>[]): ManifestObject {
  const parsed = deploymentSchema.safeParse(object);
  if (!parsed.success) {
    throw new ManifestError(
      `Deployment ${object.metadata.name} of metrics-server: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { spec } = parsed.data;
  const [first, ...others] = spec.template.spec.containers;
  const containers = [{ ...first, args: [...(first?.args ?? []), ...extraArgs] }, ...others];
  return {
    ...object,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } },
  };
}
