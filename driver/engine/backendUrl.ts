import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const projectSchema = z.object({ backend: z.object({ url: z.string().exactOptional() }).exactOptional() });
const credentialsSchema = z.object({ current: z.string().exactOptional() });

/**
 * Where Pulumi keeps the state of a project's stacks, in Pulumi's own order: PULUMI_BACKEND_URL, `backend.url` of
 * Pulumi.yaml, then what `pulumi login` has noted. Null where none says it.
 * @param projectDirectory folder of Pulumi.yaml
 */
export function backendUrl(projectDirectory: string): string | null {
  // An empty one is none, for Pulumi too.
  const named = process.env['PULUMI_BACKEND_URL'] ?? '';
  if (named !== '') return named;
  const home = process.env['PULUMI_HOME'] ?? path.join(homedir(), '.pulumi');
  const credentials = path.join(process.env['PULUMI_CREDENTIALS_PATH'] ?? home, 'credentials.json');
  return (
    read(path.join(projectDirectory, 'Pulumi.yaml'), projectSchema)?.backend?.url ??
    read(credentials, credentialsSchema)?.current ??
    null
  );
}

/**
 * The folder that a stack's state is kept in; null where it is kept elsewhere.
 * @param projectDirectory that a relative path is from
 */
export function backendFolder(url: string | null, projectDirectory: string): string | null {
  if (!url?.startsWith('file://')) return null;
  const named = url.slice('file://'.length).replace(/\?.*$/, '');
  return path.resolve(projectDirectory, named.replace(/^~/, homedir()));
}

/** Undefined where the file is not there, or says nothing of it: Pulumi itself tells what is wrong with a file. */
function read<T>(file: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
