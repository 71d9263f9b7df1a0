import { execa } from 'execa';
import type { LocalProcessInputs } from './inputs';
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

/**
 * Runs a command on this machine, by default with /bin/sh.
 * @param before what the command before this one printed
 * @throws Error with everything that the command printed
 */
export async function runLocally(
  command: string,
  inputs: LocalProcessInputs,
  before: CommandOutputs,
  log: OutputLog,
  signal: AbortSignal,
): Promise<CommandOutputs> {
  const [program = '/bin/sh', ...args] =
    inputs.interpreter && inputs.interpreter.length > 0 ? inputs.interpreter : ['/bin/sh', '-c'];
  const dir = inputs.dir ?? process.cwd();
  const running = execa(program, [...args, command], {
    cwd: dir,
    env: { ...inputs.environment, ...previousOutput(inputs, before) },
    ...(inputs.stdin ? { input: inputs.stdin } : { stdin: 'ignore' }),
    cancelSignal: signal,
    stripFinalNewline: false,
    all: true,
    reject: false,
  });
  const logged = [
    logsStdout(inputs.logging) ? running.stdout : undefined,
    logsStderr(inputs.logging) ? running.stderr : undefined,
  ];
  for (const stream of logged) {
    const lines = new Lines((line) => {
      log.line(line);
    });
    stream
      ?.on('data', (piece: Buffer) => {
        lines.push(piece.toString());
      })
      .on('end', () => {
        lines.end();
      });
  }
  const result = await running;
  if (result.failed) throw commandError(causeOf(result, program, dir), command, result.all);
  return { stdout: trimmed(result.stdout), stderr: trimmed(result.stderr) };
}

function causeOf(
  { exitCode, signal, code, isCanceled, shortMessage }: Failure,
  program: string,
  dir: string,
): string {
  if (isCanceled) return 'the engine cancelled the update';
  if (signal !== undefined) return `signal: ${signal}`;
  if (exitCode !== undefined) return `exit status ${exitCode}`;
  if (code === 'ENOENT') return `${program} or the folder ${dir}: no such file or directory`;
  return shortMessage ?? 'could not be started';
}

interface Failure {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly isCanceled: boolean;
  readonly shortMessage?: string | undefined;
}
