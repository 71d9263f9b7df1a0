import { readFileSync } from 'node:fs';
import * as pulumi from '@pulumi/pulumi';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { owned } from '../owned';

const objectSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
});

/** An object of a Kubernetes manifest. */
export type ManifestObject = z.infer<typeof objectSchema>;

/** A manifest that cannot be used; the message names its path or address and the remedy. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

/**
 * Reads the objects of a manifest.
 * @param source path of a file, or an http(s) address
 * @throws ManifestError
 */
export async function readManifest(source: string): Promise<ManifestObject[]> {
  const documents = parseAllDocuments(await textOf(source));
  return documents.map((document, index) => {
    const parsed = objectSchema.safeParse(document.errors.length > 0 ? undefined : document.toJS());
    if (!parsed.success) {
      const why = document.errors[0]?.message ?? z.prettifyError(parsed.error);
      throw new ManifestError(
        `${source}: document ${index + 1} is no Kubernetes object: ${why}; correct the manifest`,
      );
    }
    return parsed.data;
  });
}

async function textOf(source: string): Promise<string> {
  if (/^https?:\/\//.test(source)) {
    const response = await fetch(source, { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
      throw new ManifestError(
        `${source} cannot be fetched: ${String(error)}; name a path or an address that answers`,
      );
    });
    if (!response.ok) {
      throw new ManifestError(`${source} answers ${response.status}; correct the address of the manifest`);
    }
    return response.text();
  }
  try {
    return readFileSync(source, 'utf8');
  } catch (error) {
    throw new ManifestError(
      `${source} cannot be read (${(error as NodeJS.ErrnoException).code ?? ''}); name the manifest's path or address in casper:platform`,
    );
  }
}

/** An object whose names may become known later. */
export interface KubernetesObjectArgs {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: pulumi.Input<string>;
    readonly namespace?: pulumi.Input<string> | undefined;
    readonly annotations?: Readonly<Record<string, pulumi.Input<string>>> | null | undefined;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * Any Kubernetes object, owned by casper. `@pulumi/kubernetes/yaml` would do the same and load the classes of every kind there is, a
 * second at each start; `apiextensions.CustomResource` takes no core objects.
 */
export class KubernetesObject extends pulumi.CustomResource {
  constructor(name: string, object: KubernetesObjectArgs, opts?: pulumi.CustomResourceOptions) {
    const apiVersion = object.apiVersion.includes('/') ? object.apiVersion : `core/${object.apiVersion}`;
    const metadata = { ...object.metadata, annotations: { ...object.metadata.annotations, ...owned } };
    super(`kubernetes:${apiVersion}:${object.kind}`, name, { ...object, metadata }, opts);
  }
}

/**
 * Creates the objects of a manifest, each stage after the one before.
 * @param prefix of their names for Pulumi: a program may install a manifest in several clusters
 */
export function createManifest(
  objects: readonly ManifestObject[],
  prefix: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  let created: pulumi.Resource[] = [];
  for (const stage of [0, 1, 2]) {
    const dependsOn = created;
    const own = objects.filter(({ kind }) => stageOf(kind) === stage);
    created = [
      ...dependsOn,
      ...own.map(
        (object) => new KubernetesObject(`${prefix}${nameOf(object)}`, object, { ...opts, dependsOn }),
      ),
    ];
  }
  return created;
}

/** Namespaces and definitions first; workloads, which fail late when a service account is not there yet, last. */
function stageOf(kind: string): 0 | 1 | 2 {
  if (['Namespace', 'CustomResourceDefinition'].includes(kind)) return 0;
  return ['Deployment', 'DaemonSet', 'StatefulSet', 'Job'].includes(kind) ? 2 : 1;
}

/** What tells an object from the others of its manifest. */
function nameOf({ kind, metadata }: ManifestObject): string {
  return [kind, metadata.namespace, metadata.name].filter((part) => part !== undefined).join('/');
}
