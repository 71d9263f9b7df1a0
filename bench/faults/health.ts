import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { request } from 'undici';
import { faultOfPrometheus } from '../../driver/verify/prometheus';
import { lossesIn, servedTraffic } from '../../driver/verify/servedWeights';
import { daemonStates } from '../../lab/cluster/daemons';
import { nodes } from '../../lab/cluster/nodes';
import { entryPointUrl, originsOf } from '../../stack/requestPath';
import type { StackConfig } from '../../stack/stackConfig';

const lookEveryMs = 1000;
const answerWithinMs = 3000;

/**
 * Waits until all that the lab and the stack are made of answers.
 * @returns seconds until then, and what was still wrong where it never came to be so
 */
export async function untilHealthy(
  config: StackConfig,
  withinMs: number,
): Promise<{ readonly seconds: number | null; readonly wrong: string }> {
  const begun = performance.now();
  for (;;) {
    const wrong = await whatIsWrong(config);
    const elapsedMs = performance.now() - begun;
    if (wrong === null) return { seconds: elapsedMs / 1000, wrong: '' };
    if (elapsedMs > withinMs) return { seconds: null, wrong };
    await sleep(lookEveryMs);
  }
}

/** The first that is found; null where all answers. */
async function whatIsWrong(config: StackConfig): Promise<string | null> {
  const ended = daemonStates().find(({ running }) => !running);
  if (ended) return `${ended.name} does not run`;
  const origins = originsOf(config);
  const faults = await Promise.all(
    [
      ...origins.map(async (origin) => {
        const { statusCode, body } = await request(entryPointUrl(origin), limits());
        await body.dump();
        if (statusCode !== 200) throw new Error(`the entry point of ${origin.name} answers ${statusCode}`);
        const { lost } = lossesIn(await servedTraffic(origin));
        if (lost.length > 0) throw new Error(`the Traefik of ${origin.name} calls ${lost.join(', ')} lost`);
      }),
      nodesReady(),
      faultOfPrometheus(config).then((fault) => {
        if (fault !== null) throw new Error(`Prometheus: ${fault}`);
      }),
    ].map((asked) =>
      asked.then(
        () => null,
        (error: unknown) => String(error),
      ),
    ),
  );
  return faults.find((fault) => fault !== null) ?? null;
}

const limits = () => ({
  headersTimeout: answerWithinMs,
  bodyTimeout: answerWithinMs,
  signal: AbortSignal.timeout(answerWithinMs),
  reset: true,
});

async function nodesReady(): Promise<void> {
  const status = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const { stdout } = await execa(
    'kubectl',
    ['get', 'nodes', `--request-timeout=${answerWithinMs / 1000}s`, '-o', `jsonpath=${status}`],
    { timeout: 2 * answerWithinMs },
  );
  const ready = stdout.split('\n').filter((line) => line === 'True').length;
  if (ready !== nodes.length) throw new Error(`${ready} of ${nodes.length} nodes are ready`);
}
