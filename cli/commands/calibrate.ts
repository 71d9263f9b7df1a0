import { Command, InvalidArgumentError, Option } from 'commander';
import { calibrate, percentiles, type CalibrationOptions } from '../../calibrate/calibration';
import { CalibrationError } from '../../calibrate/calibrationError';
import { calibrationTarget, limitsToTry } from '../../calibrate/calibrationTarget';
import { RegionUnderTest } from '../../calibrate/regionUnderTest';
import { searchesEnough, serverCapacity } from '../../calibrate/serverCapacity';
import { writeCapacity } from '../../calibrate/writeCapacity';
import { assertReachable, kubeConfigOf } from '../../cluster/connection';
import { believedRate } from '../../stack/capacity';
import { readStackFile } from '../../stack/stackFile';
import { integer, names, positiveInteger, withStackOptions, type StackFlags } from '../options';
import { showStep } from '../progress';
import { stackOptionsOf } from '../project';
import { notEndedByCpu, renderCalibration, renderStep } from '../render/calibration';

interface Flags extends StackFlags {
  cpu?: number[];
  latency: number;
  percentile: CalibrationOptions['percentile'];
  seconds: number;
  rounds: number;
  path: string;
  seed: number;
  disturb?: true;
  write?: true;
  json?: true;
}

export const calibrateCommand = withStackOptions(
  new Command('calibrate')
    .description(
      'Measure what a server carries: at several CPU limits of one region, the highest rate of requests that keeps a latency target, and the line through them. ' +
        'The region is asked directly and gets back its planned CPU in the end; who it serves meanwhile waits, so by default it must serve nobody. Takes some ten minutes.',
    )
    .argument('<region>', 'whose stack is applied'),
)
  .option(
    '--cpu <list>',
    'CPU limits of the region in millicores (default: 10, 20 and 40 % of a full region)',
    millicores,
  )
  .option('--latency <ms>', 'target, from when a request was due to its last byte', positiveInteger, 100)
  .addOption(
    new Option('--percentile <p>', 'of the requests that keep the target').choices(percentiles).default('99'),
  )
  .option('--seconds <s>', 'that count of each rate that is tried', positiveInteger, 10)
  .option('--rounds <n>', 'how often each limit is searched', positiveInteger, 2)
  .option('--path <path>', 'path and query that is asked for', pathAndQuery, '/')
  .option('--seed <n>', 'of when requests are due', integer, 1)
  .option('--disturb', 'calibrate a region that serves somebody, or stands by for somebody')
  .option(
    '--write',
    "write the interval's lower end in whole requests/s, and an epsilonMillicores that covers what carries nothing, into the region's capacity in the stack file",
  )
  .option('--json', 'print one JSON object')
  .action(async (region: string, flags: Flags) => {
    const { configFile } = stackOptionsOf(flags);
    const config = readStackFile(configFile);
    const target = calibrationTarget(config, region, flags.disturb ?? false);
    const limits = limitsToTry(flags.cpu, target);
    if (!searchesEnough(limits.length, flags.rounds)) {
      throw new CalibrationError(
        `${limits.length} limits in ${flags.rounds} round are too few for an interval; take --rounds 2, or five limits`,
      );
    }
    const kubeConfig = kubeConfigOf(target.cluster);
    await assertReachable(kubeConfig);
    const stop = new AbortController();
    // Each time, and not once: a second signal must not end the process before the region has its CPU again.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        stop.abort();
      });
    }
    const { signal } = stop;
    const { latency: latencyMs, percentile, path } = flags;
    const underTest = new RegionUnderTest(target, kubeConfig, { path, latencyMs, signal });
    await underTest.assertAsPlanned();
    const options: CalibrationOptions = {
      ...{ region, latencyMs, percentile, signal, millicores: limits },
      ...{ rounds: flags.rounds, seconds: flags.seconds, seed: flags.seed },
      believed: (limit) => believedRate(target.capacity, limit),
    };
    const calibration = await calibrate(underTest, options, showStep, (step) => {
      process.stderr.write(`${renderStep(step, percentile)}\n`);
    });
    const found = serverCapacity(calibration, target.capacity);
    const notes = [...calibration.notes, ...notEndedByCpu(calibration)];
    console.log(
      flags.json
        ? JSON.stringify({ region, latencyMs, percentile, ...calibration, notes, ...found })
        : renderCalibration(options, { ...calibration, notes }, found, target.capacity),
    );
    if (!flags.write) return;
    const written = writeCapacity(configFile, region, found);
    console.error(
      `note: ${configFile} says ${written} for ${region} now; its plan is still the one made before: plan anew`,
    );
  });

function millicores(text: string): number[] {
  return names(text).map((part) => {
    const value = /^\d+$/.test(part) ? Number(part) : 0;
    if (value < 1 || value > 1_000_000) {
      throw new InvalidArgumentError(
        'Expected whole millicores with a comma between them, as in 100,200,400.',
      );
    }
    return value;
  });
}

function pathAndQuery(text: string): string {
  if (!text.startsWith('/') || text.startsWith('//')) {
    throw new InvalidArgumentError('Expected a path that begins with one /, as in /wiki/A?x=1.');
  }
  return text;
}
