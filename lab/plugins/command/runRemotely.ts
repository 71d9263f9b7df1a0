import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import type { RemoteCommandInputs } from './inputs';
import {
  commandError,
  Lines,
  logsStderr,
  logsStdout,
  previousOutput,
  trimmed,
  type CommandOutputs,
  type OutputLog,
} from './outputs';
import { withSsh } from './ssh';

/**
 * Runs a command over ssh, by the user's own shell.
 * @param before what the command before this one printed
 * @throws Error with everything that the command printed, or that names a variable that the server does not accept
 */
export async function runRemotely(
  command: string,
  inputs: RemoteCommandInputs,
  before: CommandOutputs,
  log: OutputLog,
  signal: AbortSignal,
): Promise<CommandOutputs> {
  return await withSsh(inputs.connection, log, signal, async (client) => {
    const env: Record<string, string> = {};
    for (const [name, value] of Object.entries(inputs.environment ?? {})) {
      if (!(await accepts(client, name, value))) {
        log.warn(refusal(name));
        throw new Error(`could not set environment variable "${name}": ssh: setenv failed`);
      }
      env[name] = value;
    }
    for (const [name, value] of Object.entries(previousOutput(inputs, before))) {
      if (await accepts(client, name, value)) env[name] = value;
      else log.warn(refusal(name));
    }
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.exec(command, { env }, (error, stream) => {
        if (error) reject(error);
        else resolve(stream);
      });
    });
    return await outcome(channel, command, inputs, log);
  });
}

/**
 * Whether the server lets a client set a variable. The library's `exec` asks without waiting for the answer; only its
 * `sftp` waits, before it starts anything.
 */
function accepts(client: Client, name: string, value: string): Promise<boolean> {
  return new Promise((resolve) => {
    (client as unknown as SftpWithEnvironment).sftp({ [name]: value }, (error, sftp) => {
      // A server without sftp fails after it has taken the variable.
      if (error) resolve(error.message !== 'Unable to set environment');
      else {
        sftp.end();
        resolve(true);
      }
    });
  });
}

/** A form of `sftp` that the library has and its types leave out. */
interface SftpWithEnvironment {
  sftp(
    env: Readonly<Record<string, string>>,
    done: (error: Error | undefined, sftp: SFTPWrapper) => void,
  ): void;
}

function refusal(name: string): string {
  return `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables via AcceptEnv. Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the command itself with the variables in the form 'VAR=value command'`;
}

async function outcome(
  channel: ClientChannel,
  command: string,
  inputs: RemoteCommandInputs,
  log: OutputLog,
): Promise<CommandOutputs> {
  const pieces: { readonly error: boolean; readonly text: Buffer }[] = [];
  const tell = (line: string): void => {
    log.line(line);
  };
  const streams = [
    { stream: channel, error: false, lines: logsStdout(inputs.logging) ? new Lines(tell) : undefined },
    { stream: channel.stderr, error: true, lines: logsStderr(inputs.logging) ? new Lines(tell) : undefined },
  ];
  for (const { stream, error, lines } of streams) {
    stream.on('data', (text: Buffer) => {
      pieces.push({ error, text });
      lines?.push(text.toString());
    });
  }
  // A command that ends without reading its input is no failure.
  channel.on('error', () => undefined);
  channel.end(inputs.stdin ?? '');
  const cause = await new Promise<string | undefined>((resolve) => {
    let ending: string | undefined = 'the connection was lost';
    channel.on('exit', (code: number | null, signal?: string) => {
      if (code === 0) ending = undefined;
      else ending = code === null ? `signal: ${signal ?? 'unknown'}` : `Process exited with status ${code}`;
    });
    channel.on('close', () => {
      resolve(ending);
    });
  });
  for (const { lines } of streams) lines?.end();
  const printed = (wanted: (error: boolean) => boolean): string =>
    Buffer.concat(pieces.filter(({ error }) => wanted(error)).map(({ text }) => text)).toString();
  if (cause !== undefined)
    throw commandError(
      cause,
      command,
      printed(() => true),
    );
  return { stdout: trimmed(printed((error) => !error)), stderr: trimmed(printed((error) => error)) };
}
