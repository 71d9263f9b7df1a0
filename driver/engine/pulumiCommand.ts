import { PulumiCommand } from '@pulumi/pulumi/automation';
import { Ending } from './ending';
import { killPulumi } from './pulumiProcesses';
import { UpdateError } from './update';

/** What the SDK runs every command of Pulumi by, which it does not declare. */
export interface Runs {
  readonly command: string;
  run: (this: { readonly command: string }, ...call: Call) => Promise<unknown>;
}

type Told = ((text: string) => void) | undefined;
type Call = [
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  onOutput?: Told,
  onError?: Told,
  signal?: AbortSignal,
];

/** What changes a stack, or looks at all of it, has a bound of its own (update.ts). */
const hasOwnBound = new Set(['up', 'preview', 'refresh', 'destroy', 'import']);

interface Bounds {
  /** For what only asks the backend. */
  readonly asksWithinSeconds: number;
  /** For the end in order of what is to end, before it is ended at once. */
  readonly endsWithinSeconds: number;
}

const defaults: Bounds = { asksWithinSeconds: 120, endsWithinSeconds: 60 };

/**
 * Pulumi in a session of its own: signals for the whole group, as a terminal's Ctrl-C and those of `timeout` and `npx`,
 * reach it through casper alone. It takes the first as a request to cancel, and the second as one to end at once, which
 * leaves operations pending. Only Linux has `setsid`; elsewhere Pulumi stays in casper's group.
 *
 * No command of it is waited for without a bound; one that does not end when it is to is killed, on Linux.
 */
export async function pulumiInItsSession(bounds = defaults): Promise<PulumiCommand> {
  const pulumi = await PulumiCommand.get();
  const { run, command } = pulumi as unknown as Runs;
  const onLinux = process.platform === 'linux';
  // In a process that leads no group, as none that Node starts does, setsid becomes Pulumi: same number, same signals.
  const start = (args: readonly string[], ...rest: Rest): Promise<unknown> =>
    run.call(
      { command: onLinux ? 'setsid' : command },
      ...([onLinux ? [command, ...args] : args, ...rest] as Call),
    );
  return Object.assign(pulumi, {
    run: (...[args, cwd, env, onOutput, onError, signal]: Call) =>
      inTime(args, bounds, signal, (ending) => start(args, cwd, env, onOutput, onError, ending)),
  });
}

type Rest = Call extends [unknown, ...infer R] ? R : never;

async function inTime<T>(
  args: readonly string[],
  { asksWithinSeconds, endsWithinSeconds }: Bounds,
  signal: AbortSignal | undefined,
  work: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  // The SDK would not see that it was given before.
  signal?.throwIfAborted();
  const [verb = ''] = args;
  const ending = new Ending(hasOwnBound.has(verb) ? Infinity : asksWithinSeconds, signal);
  let killing: NodeJS.Timeout | undefined;
  const killLater = (): void => {
    killing = setTimeout(() => {
      killPulumi(args);
    }, endsWithinSeconds * 1000);
  };
  ending.signal.addEventListener('abort', killLater);
  try {
    return await work(ending.signal);
  } catch (error) {
    if (!ending.isLate) throw error;
    throw new UpdateError(
      `\`pulumi ${args.slice(0, 2).join(' ')}\` did not end within ${ending.seconds} s: does the backend (PULUMI_BACKEND_URL) answer? Nothing was changed.`,
      { cause: error },
    );
  } finally {
    clearTimeout(killing);
    ending.letGo();
  }
}
