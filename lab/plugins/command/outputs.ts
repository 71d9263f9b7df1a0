/** What a command printed, each without its last newline. */
export interface CommandOutputs {
  readonly stdout: string;
  readonly stderr: string;
}

export const NO_OUTPUTS: CommandOutputs = { stdout: '', stderr: '' };

/** Where messages of a running command go. */
export interface OutputLog {
  /** What happens at the moment; the next line takes its place. */
  line(text: string): void;
  /** A message that stays. */
  warn(text: string): void;
}

type Logging = 'stdout' | 'stderr' | 'stdoutAndStderr' | 'none' | undefined;

export function logsStdout(logging: Logging): boolean {
  return logging === undefined || logging === 'stdout' || logging === 'stdoutAndStderr';
}

export function logsStderr(logging: Logging): boolean {
  return logging === undefined || logging === 'stderr' || logging === 'stdoutAndStderr';
}

/** Without its last newline, and only that one. */
export function trimmed(output: string): string {
  return output.endsWith('\n') ? output.slice(0, -1) : output;
}

/** The variables that tell a command what the one before it printed; without those that would be empty. */
export function previousOutput(
  { addPreviousOutputInEnv }: { readonly addPreviousOutputInEnv: boolean },
  { stdout, stderr }: CommandOutputs,
): Record<string, string> {
  if (!addPreviousOutputInEnv) return {};
  return {
    ...(stdout === '' ? {} : { PULUMI_COMMAND_STDOUT: stdout }),
    ...(stderr === '' ? {} : { PULUMI_COMMAND_STDERR: stderr }),
  };
}

/** The genuine provider's words for a command that failed. */
export function commandError(cause: string, command: string, printed: string): Error {
  return new Error(`${cause}: running ${JSON.stringify(command)}:\n${printed}`);
}

/** Splits what arrives in pieces into lines. */
export class Lines {
  private rest = '';

  constructor(private readonly tell: (line: string) => void) {}

  push(piece: string): void {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.tell(line);
  }

  end(): void {
    if (this.rest !== '') this.tell(this.rest);
    this.rest = '';
  }
}
