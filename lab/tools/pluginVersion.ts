import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Client, credentials } from '@grpc/grpc-js';

/**
 * Asks a Pulumi plugin for its version, by Pulumi's own protocol: nothing else tells it of a program that is on PATH.
 * @returns undefined where the program is no plugin, or does not answer within the time
 */
export async function pluginVersion(program: string, milliseconds = 10_000): Promise<string | undefined> {
  // The argument is the address of an engine; the plugin calls it only when it is given work.
  const plugin = spawn(program, ['127.0.0.1:1'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const timer = setTimeout(() => plugin.kill('SIGKILL'), milliseconds);
  try {
    await once(plugin, 'spawn');
    // Its first line says which port it listens at.
    for await (const line of createInterface(plugin.stdout)) {
      if (/^\d+$/.test(line.trim())) return await askForVersion(Number(line), milliseconds);
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    plugin.kill('SIGKILL');
  }
}

async function askForVersion(port: number, milliseconds: number): Promise<string> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise<string>((resolve, reject) => {
      client.makeUnaryRequest(
        '/pulumirpc.ResourceProvider/GetPluginInfo',
        () => Buffer.alloc(0),
        versionOf,
        undefined,
        { deadline: Date.now() + milliseconds },
        (error, version) => {
          if (error) reject(error);
          else resolve(version ?? '');
        },
      );
    });
  } finally {
    client.close();
  }
}

/** The one field of a `PluginInfo` message: a string, after its tag and its length, which is below 128. */
function versionOf(message: Buffer): string {
  return message[0] === 0x0a ? message.subarray(2, 2 + (message[1] ?? 0)).toString() : '';
}
