import { constants } from 'node:os';

/** One wish to end may come as two signals: a terminal's, and that of `npx` or `timeout` besides. */
const sameWishMs = 500;

/**
 * Ends a command in order at the first signal, and at once at the second. Pulumi, which still runs then, is told to end at
 * once too, by the SDK's hook at this process' exit.
 * @param first ends it in order
 * @param atOnce says what is left to do
 */
export function onSignals(
  first: (name: NodeJS.Signals) => void,
  atOnce: (name: NodeJS.Signals) => void,
): void {
  let firstMs: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (firstMs === undefined) {
        firstMs = performance.now();
        first(name);
      } else if (performance.now() - firstMs > sameWishMs) {
        atOnce(name);
        process.exit(128 + constants.signals[name]);
      }
    });
  }
}

/** What a stack may be in after a command that ended at once, and what to do. */
export function whatIsLeft(stackName: string): string {
  return (
    `what Pulumi was changing may be half done: \`casper apply --stack ${stackName}\` goes on from what is live. Where it ` +
    'says that the stack is locked, wait until Pulumi has ended'
  );
}
