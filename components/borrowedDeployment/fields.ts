import type { V1Deployment } from '@kubernetes/client-node';
import type { FormerField, FormerFields, Owner } from './inputs';

/** Fields of a Deployment, who has set them (`metadata.managedFields`), and how they pass to another manager. Pure. */

/** Steps into the `fieldsV1` of an entry of managed fields. */
type FieldPath = readonly string[];

interface FieldsV1 {
  [step: string]: FieldsV1;
}

/** An entry of `metadata.managedFields`: what a manager has set. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: object;
  readonly time?: Date;
}

const replicasPath: FieldPath = ['f:spec', 'f:replicas'];

function cpuPath(container: string, part: 'limits' | 'requests'): FieldPath {
  const ofContainer = `k:${JSON.stringify({ name: container })}`;
  const pod = ['f:spec', 'f:template', 'f:spec', 'f:containers', ofContainer];
  return [...pod, 'f:resources', `f:${part}`, 'f:cpu'];
}

/** What a Deployment has of the fields that casper patches, and who has set them. */
export function formerFieldsOf(deployment: V1Deployment, container: string): FormerFields {
  const { limits, requests } = resourcesOf(deployment, container);
  const field = (value: string | number | undefined, path: FieldPath): FormerField => {
    const owner = ownerOf(deployment, path);
    return { ...(value !== undefined && { value }), ...(owner && { owner }) };
  };
  return {
    replicas: field(deployment.spec?.replicas ?? 1, replicasPath),
    limit: field(limits?.['cpu'], cpuPath(container, 'limits')),
    request: field(requests?.['cpu'], cpuPath(container, 'requests')),
  };
}

function resourcesOf({ spec }: V1Deployment, container: string): { limits?: CpuOf; requests?: CpuOf } {
  return spec?.template.spec?.containers.find(({ name }) => name === container)?.resources ?? {};
}
type CpuOf = Readonly<Record<string, string>>;

function ownerOf({ metadata }: V1Deployment, path: FieldPath): Owner | undefined {
  const entry = metadata?.managedFields?.find(({ fieldsV1 }) => has(fieldsV1, path));
  if (!entry) return undefined;
  const { manager = '', operation = 'Update', subresource } = entry;
  return { manager, operation, ...(subresource !== undefined && { subresource }) };
}

/** Whether a manager has set the number of a Deployment's pods. */
export function setsReplicas(deployment: V1Deployment, manager: string): boolean {
  return sets(deployment, manager, replicasPath);
}

function sets({ metadata }: V1Deployment, manager: string, path: FieldPath): boolean {
  return (metadata?.managedFields ?? []).some(
    (entry) => entry.manager === manager && has(entry.fieldsV1, path),
  );
}

/** What casper patches of a Deployment. */
export type Part = 'replicas' | 'cpu';
export const allParts: readonly Part[] = ['replicas', 'cpu'];

/**
 * A strategic merge patch that puts back what a manager has set, as it was; null where there is nothing of that. What
 * somebody else has taken over since is theirs.
 */
export function formerValues(
  deployment: V1Deployment,
  manager: string,
  container: string,
  former: FormerFields,
  parts = allParts,
): object | null {
  const cpuOf = (part: 'limits' | 'requests', { value }: FormerField): object =>
    sets(deployment, manager, cpuPath(container, part)) ? { [part]: { cpu: value ?? null } } : {};
  const resources = { ...cpuOf('limits', former.limit), ...cpuOf('requests', former.request) };
  const spec = {
    ...(parts.includes('replicas') &&
      sets(deployment, manager, replicasPath) && { replicas: former.replicas.value }),
    ...(parts.includes('cpu') &&
      Object.keys(resources).length > 0 && {
        template: { spec: { containers: [{ name: container, resources }] } },
      }),
  };
  return Object.keys(spec).length > 0 ? { spec } : null;
}

/** Who has set fields of a Deployment in casper's name. */
export interface Borrowers {
  /** Whose fields pass to who had them before. */
  readonly managers: readonly string[];
  /** Those of them that have set nothing of the Deployment afterwards. */
  readonly leaving: readonly string[];
}

/**
 * A strategic merge patch after which fields are of who had them before; the annotations of who leaves are gone, and no
 * other value changes. Null where there is nothing to do.
 */
export function formerOwners(
  deployment: V1Deployment,
  { managers, leaving }: Borrowers,
  container: string,
  former: FormerFields,
  parts = allParts,
): object | null {
  const { metadata } = deployment;
  const entries: readonly ManagedFields[] = metadata?.managedFields ?? [];
  const of = (names: readonly string[]): ManagedFields[] =>
    entries.filter(({ manager = '' }) => names.includes(manager));
  const [ours, gone] = [of(managers), of(leaving)];
  const owned: [FieldPath, FormerField, Part][] = [
    [replicasPath, former.replicas, 'replicas'],
    [cpuPath(container, 'limits'), former.limit, 'cpu'],
    [cpuPath(container, 'requests'), former.request, 'cpu'],
  ];
  const passing = owned.filter(
    ([path, , part]) => parts.includes(part) && ours.some(({ fieldsV1 }) => has(fieldsV1, path)),
  );
  if (gone.length + passing.length === 0) return null;
  const managedFields = passing.reduce(
    (left, [path, { value, owner }]) => (owner && value !== undefined ? passOn(left, path, owner) : left),
    entries.filter((entry) => !gone.includes(entry)),
  );
  const annotations = gone.flatMap(({ fieldsV1 }) => {
    const { 'f:metadata': { 'f:annotations': set = {} } = {} } = (fieldsV1 ?? {}) as FieldsV1;
    return Object.keys(set).filter((step) => step.startsWith('f:pulumi.com/'));
  });
  return {
    metadata: {
      // Whoever changes it meanwhile is not overwritten.
      resourceVersion: metadata?.resourceVersion,
      managedFields,
      annotations: Object.fromEntries(annotations.map((step) => [step.slice('f:'.length), null])),
    },
  };
}

/** Adds a field to the entry of a manager, which is made where there is none. */
function passOn(
  entries: readonly ManagedFields[],
  path: FieldPath,
  { manager, operation, subresource }: Owner,
): ManagedFields[] {
  const theirs = entries.find(
    (entry) =>
      entry.manager === manager && entry.operation === operation && entry.subresource === subresource,
  );
  const fresh: ManagedFields = {
    ...{ manager, operation, apiVersion: 'apps/v1', fieldsType: 'FieldsV1', time: new Date() },
    ...(subresource !== undefined && { subresource }),
  };
  const entry = theirs ?? fresh;
  const fieldsV1 = withField((entry.fieldsV1 ?? {}) as FieldsV1, path);
  return [...entries.filter((other) => other !== theirs), { ...entry, fieldsV1 }];
}

function has(fields: unknown, [step, ...rest]: FieldPath): boolean {
  if (step === undefined) return true;
  if (typeof fields !== 'object' || fields === null || !(step in fields)) return false;
  return has((fields as FieldsV1)[step], rest);
}

function withField(fields: FieldsV1, [step, ...rest]: FieldPath): FieldsV1 {
  return step === undefined ? fields : { ...fields, [step]: withField(fields[step] ?? {}, rest) };
}
