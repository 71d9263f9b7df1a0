import path from 'node:path';
import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { execa } from 'execa';
import { z } from 'zod';
import { defaultTraces } from './defaultTraces';
import { positiveNumber } from './flags';
import { growthOf, printGrowth, type Sample } from './soak/growth';
import { driverFigures, driverNow, keptStateOf, machineFigures, machineNow } from './soak/machineFigures';
import { checkout, stackInLab } from './stackInLab';
import { inTemporaryFolder } from './temporaryFolder';
import { writeDays } from './traceOfDays';

/**
 * `casper run --load` for hours: does anything grow that should not? Looks at memory, files, processes, mounts, tracked
 * connections and state while plans change every interval under load. Runs in the lab; the last line is one JSON object.
 */

interface Flags {
  traces: string;
  hours: number;
  secondsPerInterval: number;
  requestsPerSecond: number;
}

const stackName = 'bench-soak';
const sampleMs = 10_000;

const recordSchema = z.object({
  plan: z.object({ interval: z.string() }),
  outcome: z.enum(['applied', 'held', 'failed']),
  update: z.object({ changes: z.array(z.unknown()), seconds: z.number() }),
});
const sentSchema = z.object({
  total: z.object({
    due: z.number(),
    failed: z.record(z.string(), z.number()),
    latencyMs: z.object({ p50: z.number(), p99: z.number() }).nullable(),
  }),
});

async function soak(
  { traces, hours, secondsPerInterval, requestsPerSecond }: Flags,
  folder: string,
): Promise<void> {
  const intervals = Math.max(2, Math.round((3600 * hours) / secondsPerInterval));
  const from = writeDays(traces, folder, intervals, requestsPerSecond);
  const configFile = await stackInLab(stackName, folder);
  const run = execa(
    'node',
    [
      ...['dist/cli/main.js', 'run', '--load', '--json', '--stack', stackName, '--config-file', configFile],
      ...['--traces', folder, '--from', from, '--intervals', String(intervals), '--max-latency', '150'],
      ...['--seconds-per-interval', String(secondsPerInterval), '--runs', path.join(folder, 'runs')],
    ],
    { cwd: checkout, stdout: 'pipe', stderr: 'inherit', buffer: false, reject: false },
  );
  const kept = keptStateOf(stackName);
  const look = () => ({ ...driverNow(run.pid ?? NaN), ...machineNow(kept) });
  const samples: Sample<keyof ReturnType<typeof look>>[] = [];
  let looking: NodeJS.Timeout | undefined;
  const outcomes = { applied: 0, held: 0, failed: 0 };
  let changed = 0;
  let sent: z.infer<typeof sentSchema> | undefined;
  for await (const line of createInterface({ input: run.stdout })) {
    const value: unknown = JSON.parse(line);
    const record = recordSchema.safeParse(value);
    if (!record.success) {
      sent = sentSchema.parse(value);
      // What follows are tables and the report, of the whole run.
      clearInterval(looking);
      continue;
    }
    // The first record comes once everything is there.
    looking ??= setInterval(() => samples.push({ atMs: Date.now(), figures: look() }), sampleMs);
    const { plan, outcome, update } = record.data;
    outcomes[outcome] += 1;
    if (update.changes.length > 0) changed += 1;
    console.log(
      `${plan.interval}: ${outcome}, ${update.changes.length} changes in ${update.seconds.toFixed(1)} s`,
    );
  }
  clearInterval(looking);
  const { exitCode } = await run;
  const growth = growthOf(samples, [...driverFigures, ...machineFigures]);
  printGrowth(growth);
  const failed = Object.values(sent?.total.failed ?? {}).reduce((sum, count) => sum + count, 0);
  console.log(
    JSON.stringify({
      ...{ exitCode, hours: (intervals * secondsPerInterval) / 3600, intervals, changed, ...outcomes },
      ...{
        requests: sent?.total.due ?? null,
        failed: sent ? failed : null,
        p99Ms: sent?.total.latencyMs?.p99 ?? null,
      },
      ...{ samples: samples.length, growth },
    }),
  );
  process.exitCode = exitCode ?? 1;
}

new Command('bench:soak')
  .description('Hours of changing plans under load: what grows')
  .option('--traces <dir>', 'folder of the three CSV files, of which a day is repeated', defaultTraces())
  .option('--hours <n>', 'how long', positiveNumber, 2)
  .option('--seconds-per-interval <s>', 'how long each is at least', positiveNumber, 20)
  .option('--requests-per-second <n>', 'of all origins together, in the mean', positiveNumber, 150)
  .action((flags: Flags) => inTemporaryFolder('soak', (folder) => soak(flags, folder)))
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
