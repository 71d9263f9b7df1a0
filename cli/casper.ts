import { Command } from 'commander';
import { commands } from './commands';

/** As a shell says it of a program that SIGPIPE has ended. */
const exitCodeOfBrokenPipe = 141;

/** The command line: the command that is asked for is loaded, of the others the help names what they do. */
async function run(args: readonly string[]): Promise<void> {
  const asked = args.find((argument) => commands.some(({ name }) => name === argument));
  const program = new Command('casper')
    .description(
      'Plans where a web service runs and who it serves, by carbon and latency, and makes it so with Pulumi.',
    )
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 3 no placement keeps every limit.');
  for (const { name, summary, load } of commands) {
    program.addCommand(name === asked ? (await load()).summary(summary) : new Command(name).summary(summary));
  }
  await program.parseAsync(args, { from: 'user' });
}

// Whoever reads the output may leave before its end, as `head` does, or a terminal that is closed: an update that is under
// way ends first all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    process.exitCode ??= exitCodeOfBrokenPipe;
  });
}

run(process.argv.slice(2)).catch(async (error: unknown) => {
  const { reportFailure } = await import('./failure.ts');
  reportFailure(error);
});
