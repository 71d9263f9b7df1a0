import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { EngineStack } from '../engineStack';

const root = join(__dirname, '../..');

/** Fails with what to do where something that these tests run is not there. */
function required(path: string, remedy: string): string {
  if (!existsSync(path)) throw new Error(`${path} is not there: ${remedy}`);
  return path;
}

/** Folders of the Go tools that have been built. */
function toolFolders(): string[] {
  const built = required(join(root, 'dist/lab/tools/goTools.js'), 'run `npm run build`');
  const { goToolFolders } = createRequire(__filename)(built) as {
    goToolFolders: () => string[];
  };
  return goToolFolders();
}

/** Path of a Go tool in its pinned version. */
export function tool(name: 'pulumi' | 'traefik'): string {
  const found = toolFolders()
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  if (!found) throw new Error(`${name} has not been built: run \`npm run tools:hosts\``);
  return found;
}

/** Path of a program of a Debian package. */
export function debianProgram(path: string, name: string): string {
  return required(path, `install the Debian package ${name}, or run \`npm run tools:hosts\` as root`);
}

/** Puts the pinned engine where the Automation API looks for it. */
export function toolsOnPath(): void {
  tool('pulumi');
  process.env['PATH'] = [...toolFolders(), process.env['PATH'] ?? ''].join(delimiter);
}

/** A stack of its own, run by the pinned engine with the stand-in plugins. */
export async function engineStack(name: string, passphrase?: string): Promise<EngineStack> {
  toolsOnPath();
  required(join(root, 'dist/lab/plugins/command/main.js'), 'run `npm run build`');
  return await EngineStack.make(name, passphrase);
}
