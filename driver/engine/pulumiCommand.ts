import { PulumiCommand } from '@pulumi/pulumi/automation';

/** What the SDK runs every command of Pulumi by, which it does not declare. */
export interface Runs {
  readonly command: string;
  run: (this: { readonly command: string }, args: readonly string[], ...rest: unknown[]) => Promise<unknown>;
}

/**
 * Pulumi in a session of its own: signals for the whole group, as a terminal's Ctrl-C and those of `timeout` and `npx`,
 * reach it through casper alone. It takes the first as a request to cancel, and the second as one to end at once, which
 * leaves operations pending. Only Linux has `setsid`; elsewhere Pulumi stays in casper's group.
 */
export async function pulumiInItsSession(): Promise<PulumiCommand> {
  const pulumi = await PulumiCommand.get();
  if (process.platform !== 'linux') return pulumi;
  const { run, command } = pulumi as unknown as Runs;
  // In a process that leads no group, as none that Node starts does, setsid becomes Pulumi: same number, same signals.
  const inSession = (args: readonly string[], ...rest: unknown[]): Promise<unknown> =>
    run.call({ command: 'setsid' }, [command, ...args], ...rest);
  return Object.assign(pulumi, { run: inSession });
}
