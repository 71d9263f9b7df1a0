import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { openStack } from '../driver/engine/stack';
import { newStackFile, writeStackPlan } from '../stack/stackFile';
import type { StackPlan } from '../stack/stackConfig';
import { globalProblem, randomNumbers } from './instances';
import { plainStep } from './plainStep';
import { usageOf, type Usage } from './processTree';
import { writeTraceFolder } from './traceFolder';

/**
 * How time, CPU and memory grow with the number of regions: planning an interval, a preview with nothing to do, and an
 * update that changes a third of the regions. One cluster, without proxies. Runs in the lab; the last line is one JSON
 * object.
 */

const checkout = path.resolve(__dirname, '..', '..');
const sizes = [6, 24, 100] as const;
const stackName = 'bench-scale';
const interval = '2026-01-05T00:00:00Z';

interface Growth {
  readonly regions: number;
  readonly plan: Usage;
  readonly preview: Usage;
  readonly update: Usage;
}

/** Every region serves itself. */
function planOf(names: readonly string[], changed: number): StackPlan {
  return {
    ...{ interval, policy: 'by hand' },
    regions: Object.fromEntries(
      // A third of them goes up and down again: enough CPU for a pod to start at once, and not too much for two cores.
      names.map((name, index) => {
        const servers = index % 3 === 0 ? 2 + changed : 2;
        return [name, { servers, cpuMillicores: 10 * servers + 1 }];
      }),
    ),
    weights: Object.fromEntries(names.map((name) => [name, { [name]: 1 }])),
  };
}

/** One hour of regions all over the globe. */
function writeTrace(folder: string, count: number): void {
  const problem = globalProblem(randomNumbers(1), count, 150);
  writeTraceFolder(folder, problem, Date.parse(interval) / 1000, [problem]);
}

async function grow(count: number): Promise<Growth> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-scale-'));
  const configFile = path.join(folder, `Pulumi.${stackName}.yaml`);
  const names = Array.from({ length: count }, (_, index) => `r${String(index + 1).padStart(3, '0')}`);
  const template = path.join(folder, 'template.yaml');
  copyFileSync(path.join(checkout, 'Pulumi.dev.yaml'), template);
  const regions = names.map((name) => ({ name }));
  newStackFile(template, configFile, regions, interval, [
    { keys: ['casper:service', 'namespace'], value: stackName },
  ]);
  await openStack({ projectDirectory: checkout, stackName, configFile });
  const pulumi = (...args: string[]): Promise<Usage> =>
    usageOf(['pulumi', ...args, '--stack', stackName, '--config-file', configFile, '--non-interactive'], {
      cwd: checkout,
    });
  const up = (): Promise<Usage> => pulumi('up', '--yes', '--skip-preview');
  try {
    writeTrace(folder, count);
    const plan = await plainStep(`planning ${count} regions`, () =>
      usageOf(
        ['node', 'dist/cli/main.js', 'plan', '--traces', folder, '--at', interval, '--max-latency', '150'],
        { cwd: checkout },
      ),
    );
    writeStackPlan(configFile, planOf(names, 0));
    await plainStep(`making ${count} regions`, up);
    const preview = await plainStep('preview with nothing to do', () => pulumi('preview'));
    writeStackPlan(configFile, planOf(names, 1));
    const update = await plainStep('changing a third', up);
    return { regions: count, plan, preview, update };
  } finally {
    await execa(
      'pulumi',
      ['destroy', '--yes', '--remove', '--stack', stackName, '--config-file', configFile],
      {
        cwd: checkout,
      },
    );
    rmSync(folder, { recursive: true });
  }
}

/** Of the power law through the first and the last. */
function exponent(growths: readonly Growth[], figure: (growth: Growth) => number): number {
  const [first, last] = [growths[0], growths.at(-1)];
  if (!first || !last) return NaN;
  return Math.log(figure(last) / figure(first)) / Math.log(last.regions / first.regions);
}

async function main(): Promise<void> {
  const growths: Growth[] = [];
  for (const size of sizes) {
    const growth = await grow(size);
    growths.push(growth);
    console.log(JSON.stringify(growth));
  }
  const [small, large] = [growths[0], growths.at(-1)];
  console.log(
    JSON.stringify({
      growths,
      previewRatio: (large?.preview.seconds ?? NaN) / (small?.preview.seconds ?? NaN),
      exponents: {
        planSeconds: exponent(growths, ({ plan }) => plan.seconds),
        planCpuSeconds: exponent(growths, ({ plan }) => plan.cpuSeconds),
        planMemory: exponent(growths, ({ plan }) => plan.peakMemoryMb),
        previewSeconds: exponent(growths, ({ preview }) => preview.seconds),
        previewCpuSeconds: exponent(growths, ({ preview }) => preview.cpuSeconds),
        previewMemory: exponent(growths, ({ preview }) => preview.peakMemoryMb),
        updateSeconds: exponent(growths, ({ update }) => update.seconds),
        updateCpuSeconds: exponent(growths, ({ update }) => update.cpuSeconds),
        updateMemory: exponent(growths, ({ update }) => update.peakMemoryMb),
      },
    }),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
