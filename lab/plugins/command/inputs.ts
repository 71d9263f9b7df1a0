import { z } from 'zod';
import { Asset } from '../../../plugin/properties';

/** What the genuine provider's schema (v1.2.1) says of inputs; fields that it does not know are passed by, as there. */

const optionalText = z.string().optional();
const texts = z.record(z.string(), z.string());
const logging = z.enum(['stdout', 'stderr', 'stdoutAndStderr', 'none']).optional();
const lifecycle = {
  create: optionalText,
  update: optionalText,
  delete: optionalText,
  triggers: z.array(z.unknown()).optional(),
};
const process = {
  stdin: optionalText,
  logging,
  environment: texts.optional(),
  addPreviousOutputInEnv: z.boolean().default(true),
};
const unserved = z
  .undefined({ error: 'this stand-in does not collect files; install the genuine plugin for it' })
  .optional();
const localProcess = {
  ...process,
  interpreter: z.array(z.string()).optional(),
  dir: optionalText,
  assetPaths: unserved,
  archivePaths: unserved,
};

const endpoint = z.object({
  host: z.string(),
  port: z.number().default(22),
  user: z.string().default('root'),
  password: optionalText,
  privateKey: optionalText,
  privateKeyPassword: optionalText,
  agentSocketPath: optionalText,
  /** Failed attempts after which to give up; -1 for never. */
  dialErrorLimit: z.number().default(10),
  /** Bound of one attempt in seconds; 0 for none. */
  perDialTimeout: z.number().default(15),
  /** Line of a known_hosts or authorized_keys file without the name: type and key. */
  hostKey: optionalText,
});
const connection = endpoint.extend({ proxy: endpoint.optional() });

const asset = z.instanceof(Asset, { error: 'expected an asset or an archive' });

export const localCommandSchema = z.object({ ...lifecycle, ...localProcess });
export const localRunSchema = z.object({ ...localProcess, command: z.string() });
export const remoteCommandSchema = z.object({ ...lifecycle, ...process, connection });
export const copyToRemoteSchema = z.object({ connection, source: asset, remotePath: z.string() });
export const copyFileSchema = z.object({ connection, localPath: z.string(), remotePath: z.string() });

export type Endpoint = z.infer<typeof endpoint>;
export type Connection = z.infer<typeof connection>;
export type ProcessInputs = z.infer<z.ZodObject<typeof process>>;
export type LocalProcessInputs = z.infer<z.ZodObject<typeof localProcess>>;
export type RemoteCommandInputs = z.infer<typeof remoteCommandSchema>;
export type CopyToRemoteInputs = z.infer<typeof copyToRemoteSchema>;
