import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { reveal, UNKNOWN, type PropertyMap } from '../../../plugin/properties';
import {
  copyFileSchema,
  copyToRemoteSchema,
  localCommandSchema,
  remoteCommandSchema,
  type LocalProcessInputs,
  type RemoteCommandInputs,
} from './inputs';
import { NO_OUTPUTS, type CommandOutputs, type OutputLog } from './outputs';

export interface StepContext {
  readonly log: OutputLog;
  readonly signal: AbortSignal;
}

/** A resource type: what its inputs look like, and what is done for it. */
export interface ResourceType {
  readonly schema: z.ZodType;
  /** Inputs whose change takes a new resource. */
  readonly replacedBy: (path: string) => boolean;
  /** Inputs that are secret whatever the program says. */
  readonly secretInputs: readonly string[];
  newId(name: string): string;
  /** Outputs beyond the inputs while nothing has run. */
  readonly unknownOutputs: PropertyMap;
  /** Gives the outputs beyond the inputs. */
  create(inputs: PropertyMap, context: StepContext): Promise<PropertyMap>;
  update(inputs: PropertyMap, old: PropertyMap, context: StepContext): Promise<PropertyMap>;
  delete(old: PropertyMap, context: StepContext): Promise<void>;
}

const uniqueHex = (): string => randomBytes(4).toString('hex');
const triggers = (path: string): boolean => /^triggers(\[|\.|$)/.test(path);

interface Lifecycle {
  readonly create?: string | undefined;
  readonly update?: string | undefined;
  readonly delete?: string | undefined;
}

type Run<Inputs> = (
  command: string,
  inputs: Inputs,
  before: CommandOutputs,
  log: OutputLog,
  signal: AbortSignal,
) => Promise<CommandOutputs>;

function commandType<Inputs extends Lifecycle>(
  schema: z.ZodType<Inputs>,
  run: Run<Inputs>,
  secretInputs: readonly string[],
): ResourceType {
  const perform = async (
    command: string | undefined,
    inputs: Inputs,
    before: CommandOutputs,
    { log, signal }: StepContext,
  ): Promise<PropertyMap> => {
    const after = command === undefined ? before : await run(command, inputs, before, log, signal);
    return { ...after };
  };
  return {
    schema,
    replacedBy: triggers,
    secretInputs,
    newId: (name) => name + uniqueHex(),
    unknownOutputs: { stdout: UNKNOWN, stderr: UNKNOWN },
    async create(properties, context) {
      const inputs = schema.parse(reveal(properties));
      return await perform(inputs.create, inputs, NO_OUTPUTS, context);
    },
    async update(properties, old, context) {
      const inputs = schema.parse(reveal(properties));
      return await perform(inputs.update ?? inputs.create, inputs, outputsOf(old), context);
    },
    async delete(old, context) {
      const inputs = schema.parse(reveal(old));
      await perform(inputs.delete, inputs, outputsOf(old), context);
    },
  };
}

function outputsOf(old: PropertyMap): CommandOutputs {
  const { stdout, stderr } = reveal(old);
  return {
    stdout: typeof stdout === 'string' ? stdout : '',
    stderr: typeof stderr === 'string' ? stderr : '',
  };
}

const copyType: ResourceType = {
  schema: copyToRemoteSchema,
  replacedBy: triggers,
  secretInputs: ['connection'],
  newId: uniqueHex,
  unknownOutputs: {},
  async create(properties, { log, signal }) {
    const { source, remotePath, connection } = copyToRemoteSchema.parse(reveal(properties));
    const { copyToRemote } = await import('./copyToRemote.ts');
    await copyToRemote(source, remotePath, connection, log, signal);
    return {};
  },
  async update(properties, old, context) {
    const next = copyToRemoteSchema.parse(reveal(properties));
    const before = copyToRemoteSchema.parse(reveal(old));
    const same =
      next.source.fields['hash'] === before.source.fields['hash'] && next.remotePath === before.remotePath;
    return same ? {} : await this.create(properties, context);
  },
  // What was copied stays, as with the genuine provider.
  delete: () => Promise.resolve(),
};

const copyFileType: ResourceType = {
  ...copyType,
  schema: copyFileSchema,
  // The genuine provider has no update for it.
  replacedBy: () => true,
  async create(properties, { log, signal }) {
    const { localPath, remotePath, connection } = copyFileSchema.parse(reveal(properties));
    const { copyFileTo } = await import('./copyToRemote.ts');
    await copyFileTo(localPath, remotePath, connection, log, signal);
    return {};
  },
};

// A preview runs nothing: what runs commands and speaks ssh is loaded when it is needed.
const locally: Run<LocalProcessInputs> = async (...step) =>
  (await import('./runLocally.ts')).runLocally(...step);
const remotely: Run<RemoteCommandInputs> = async (...step) =>
  (await import('./runRemotely.ts')).runRemotely(...step);

export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  'command:local:Command': commandType(localCommandSchema, locally, []),
  'command:remote:Command': commandType(remoteCommandSchema, remotely, ['connection']),
  'command:remote:CopyToRemote': copyType,
  'command:remote:CopyFile': copyFileType,
};
