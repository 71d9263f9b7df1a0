import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig, V1Deployment, V1Service } from '@kubernetes/client-node';
import { AppsV1Api, CoreV1Api } from '../cluster/client';
import { z } from 'zod';
import { within } from '../cluster/connection';
import { listOfRegions, regionOfDeployment } from '../cluster/regionPods';
import type { Deployments } from '../stack/deployments';
import { allRegionsSelector } from '../stack/naming';

/** A field of a Deployment or a Service that somebody else than Pulumi has set last. */
export interface ForeignField {
  readonly kind: 'Deployment' | 'Service';
  readonly name: string;
  /** From the object inwards: a property's name, or the properties by which an element of a list is known. */
  readonly path: readonly (string | Readonly<Record<string, unknown>>)[];
  /** Who has set it, as in `kubectl-edit`. */
  readonly manager: string;
  readonly value: unknown;
}

/** Asks for the fields of casper's objects that somebody else has set; none where the API server does not tell in time. */
export async function foreignFields(
  kubeConfig: KubeConfig,
  config: Deployments,
  withinMs = 5000,
): Promise<ForeignField[]> {
  const ofServices = { namespace: config.service.namespace, labelSelector: allRegionsSelector };
  try {
    const [deployments, services] = await Promise.all([
      kubeConfig.makeApiClient(AppsV1Api).listNamespacedDeployment(listOfRegions(config), within(withinMs)),
      kubeConfig.makeApiClient(CoreV1Api).listNamespacedService(ofServices, within(withinMs)),
    ]);
    return [
      ...deployments.items
        .filter((object) => regionOfDeployment(object, config) !== undefined)
        .flatMap((object) => foreignFieldsOf('Deployment', object)),
      ...services.items.flatMap((object) => foreignFieldsOf('Service', object)),
    ];
  } catch {
    // `up` is about to ask the same API server, and says what is wrong with it.
    return [];
  }
}

/** The managed fields of an object's spec, those of Pulumi and of the object's status left out; pure. */
export function foreignFieldsOf(
  kind: ForeignField['kind'],
  object: V1Deployment | V1Service,
): ForeignField[] {
  return (object.metadata?.managedFields ?? []).flatMap(({ manager = '', subresource, fieldsV1 }) => {
    if (manager.startsWith('pulumi') || subresource === 'status') return [];
    return leavesOf(fieldsV1, [])
      .filter(([first]) => first === 'spec')
      .map((path) => ({
        ...{ kind, name: object.metadata?.name ?? '', path, manager },
        value: valueAt(object, path),
      }));
  });
}

/** FieldsV1 of the Kubernetes API: `f:` before a property's name, `k:` before the keys of a list's element. */
function leavesOf(fields: unknown, path: ForeignField['path']): ForeignField['path'][] {
  if (typeof fields !== 'object' || fields === null) return [];
  const inner = Object.entries(fields).flatMap(([key, below]: [string, unknown]) => {
    if (key.startsWith('f:')) return leavesOf(below, [...path, key.slice(2)]);
    if (!key.startsWith('k:')) return [];
    return leavesOf(below, [...path, z.record(z.string(), z.unknown()).parse(JSON.parse(key.slice(2)))]);
  });
  return inner.length > 0 || path.length === 0 ? inner : [path];
}

function valueAt(root: unknown, path: ForeignField['path']): unknown {
  return path.reduce<unknown>((at, step) => {
    if (typeof step === 'string') return propertyOf(at, step);
    const elements: unknown[] = Array.isArray(at) ? at : [];
    return elements.find((element) =>
      Object.entries(step).every(([key, value]) => propertyOf(element, key) === value),
    );
  }, root);
}

function propertyOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

/** What is looked at of a stack's exported state. */
const stateSchema = z.object({
  resources: z
    .array(z.object({ type: z.string(), inputs: z.record(z.string(), z.unknown()).default({}) }))
    .default([]),
});

/** Says which foreign fields differ from what the stack has set; of other fields the stack has no opinion; pure. */
export function changedBehindTheStack(foreign: readonly ForeignField[], state: unknown): string[] {
  const { resources } = stateSchema.parse(state);
  return foreign.flatMap(({ kind, name, path, manager, value }) => {
    const own = resources.find(
      ({ type, inputs }) =>
        type.startsWith('kubernetes:') &&
        // A patch of another's object.
        (type.endsWith(`:${kind}`) || type.endsWith(`:${kind}Patch`)) &&
        propertyOf(inputs['metadata'], 'name') === name,
    );
    const planned = valueAt(own?.inputs, path);
    if (planned === undefined || isDeepStrictEqual(planned, value)) return [];
    const shown = path.map((step) => (typeof step === 'string' ? `.${step}` : JSON.stringify(step))).join('');
    return [
      `was changed by ${manager}: ${kind} ${name} ${shown.slice(1)}, ${JSON.stringify(value)} instead of ${JSON.stringify(planned)} (overwritten)`,
    ];
  });
}
