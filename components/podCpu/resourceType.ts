import type { z } from 'zod';
import { containsSecret, reveal, Secret, UNKNOWN, type PropertyMap } from '../../plugin/properties';
import { podCpuInputs, type PodCpuInputs } from './inputs';

export interface StepContext {
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
  /** Tells people; nothing where the message is empty. */
  readonly warn: (message: string) => void;
}

/** A type of resource that casper's plugin serves. */
export interface ResourceType {
  readonly schema: z.ZodObject;
  /** Whether the change of an input takes a new resource. */
  readonly replaces: (path: string) => boolean;
  /** Input that tells a resource from others of its namespace. */
  readonly idInput: string;
  /** Outputs beyond the inputs while nothing has been done. */
  readonly unknownOutputs: PropertyMap;
  /** Those of them that no update changes. */
  readonly lastingOutputs: readonly string[];
  /** Gives the outputs beyond the inputs. */
  readonly create: (inputs: PropertyMap, step: StepContext) => Promise<PropertyMap>;
  /** The same, from what is in the state. */
  readonly update: (inputs: PropertyMap, old: PropertyMap, step: StepContext) => Promise<PropertyMap>;
  /** Gives what takes the place of inputs that no longer hold. */
  readonly read: (inputs: PropertyMap, step: StepContext) => Promise<PropertyMap>;
  readonly delete: (old: PropertyMap, step: StepContext) => Promise<void>;
}

async function resize(inputs: PropertyMap, { signal, warn }: StepContext): Promise<PropertyMap> {
  const { resizePods } = await import('./resizePods.ts');
  const fallback = await resizePods(parse(inputs), signal);
  warn(fallback);
  return { fallback: containsSecret(inputs) ? new Secret(fallback) : fallback };
}

export const podCpuType: ResourceType = {
  schema: podCpuInputs,
  // Other pods: these are none of this resource's.
  replaces: (path) => path === 'namespace' || path === 'instance',
  idInput: 'instance',
  unknownOutputs: { fallback: UNKNOWN },
  lastingOutputs: [],
  create: resize,
  update: (inputs, _old, step) => resize(inputs, step),
  /** What the pods have now takes the place of what they were given. */
  async read(inputs, { signal }) {
    const { readPods } = await import('./resizePods.ts');
    return { limitMillicores: await readPods(parse(inputs), signal) };
  },
  // The pods are the Deployment's: they stay, with the CPU that they have.
  delete: () => Promise.resolve(),
};

function parse(inputs: PropertyMap): PodCpuInputs {
  return podCpuInputs.parse(reveal(inputs));
}
