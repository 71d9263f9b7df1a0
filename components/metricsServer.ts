import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';
import { createManifest, ManifestError, type ManifestObject } from './manifest';

export interface MetricsServerArgs {
  /** Objects of metrics-server's manifest. */
  readonly objects: readonly ManifestObject[];
  /** Arguments after the manifest's own; `--kubelet-insecure-tls` where the kubelets sign their own certificates. */
  readonly extraArgs: readonly string[];
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
    super('casper:index:MetricsServer', name, { extraArgs: args.extraArgs }, opts);
    createManifest(
      args.objects.map((object) =>
        object.kind === 'Deployment' ? withArgs(object, args.extraArgs) : object,
      ),
      { parent: this },
    );
    this.registerOutputs({});
  }
}

function withArgs(object: ManifestObject, extraArgs: readonly string[]): ManifestObject {
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
