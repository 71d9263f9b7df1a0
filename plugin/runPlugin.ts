import type { PluginServer } from './pluginServer';

/** How often to look, after the engine's signal, whether the last step has answered, in milliseconds. */
const IDLE_CHECK_MS = 20;

/** How often to look whether the engine that started this program still lives, in milliseconds. */
const ENGINE_CHECK_MS = 1000;

/**
 * Runs a plugin: listens, prints its port as the engine expects, and ends when the engine ends.
 * @param create makes the server; it gets the address of the engine's own service, for messages
 */
export function runPlugin(create: (engine: string | undefined) => PluginServer): void {
  const engine = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
  const provider = create(engine);
  void listen(provider).catch((error: unknown) => {
    process.stderr.write(
      `pulumi-resource-${provider.packageName}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(1);
  });
}

async function listen(provider: PluginServer): Promise<void> {
  const port = await provider.listen();
  process.stdout.write(`${port}\n`);
  // The engine ends its plugins by a signal, and kills them a second later. What waits gets to say that it was cancelled.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      provider.cancel();
      setInterval(() => {
        if (provider.idle) process.exit(0);
      }, IDLE_CHECK_MS);
    });
  }
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, ENGINE_CHECK_MS);
}
