import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { cacheDirectory } from '../../start/cacheDirectory';
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
 * @param source path of a file, or an address that begins with https://
 * @param sha256 of its bytes, in hexadecimal; an address must have one, and what it gives is fetched once
 * @throws ManifestError
 */
export async function readManifest(source: string, sha256?: string): Promise<ManifestObject[]> {
  const documents = parseAllDocuments(await textOf(source, sha256));
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

async function textOf(source: string, sha256: string | undefined): Promise<string> {
  if (!/^[a-z]+:\/\//i.test(source)) {
    const bytes = bytesOf(source);
    if (sha256 !== undefined) assertDigest(source, bytes, sha256);
    return bytes.toString();
  }
  if (!/^https:/i.test(source)) {
    throw new ManifestError(
      `${source}: anybody on the way could change it; name a path, or an address of https://`,
    );
  }
  if (sha256 === undefined) {
    throw new ManifestError(`${source}: has no sha256; give what \`curl -L ${source} | sha256sum\` prints`);
  }
  const kept = path.join(cacheDirectory, 'manifests', `${sha256}.yaml`);
  if (existsSync(kept)) {
    const bytes = readFileSync(kept);
    if (digestOf(bytes) === sha256) return bytes.toString();
  }
  const bytes = await fetched(source);
  assertDigest(source, bytes, sha256);
  mkdirSync(path.dirname(kept), { recursive: true });
  writeFileSync(`${kept}.${process.pid}`, bytes);
  renameSync(`${kept}.${process.pid}`, kept);
  return bytes.toString();
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ManifestError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? ''}); name the manifest's path or address in casper:platform`,
    );
  }
}

async function fetched(address: string): Promise<Buffer> {
  const response = await fetch(address, { signal: AbortSignal.timeout(30_000) }).catch((error: unknown) => {
    throw new ManifestError(
      `${address} cannot be fetched: ${String(error)}; name a path or an address that answers`,
    );
  });
  if (!response.ok) {
    throw new ManifestError(`${address} answers ${response.status}; correct the address of the manifest`);
  }
  return Buffer.from(await response.arrayBuffer());
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function assertDigest(source: string, bytes: Buffer, sha256: string): void {
  const found = digestOf(bytes);
  if (found === sha256) return;
  throw new ManifestError(
    `${source} has the SHA-256 ${found}, expected ${sha256}: it is not what was looked at; look at it anew, and correct sha256 or the address. Nothing was changed.`,
  );
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
