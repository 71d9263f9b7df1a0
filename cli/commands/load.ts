import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Spacing } from '../../load/arrivals';
import { generateLoad } from '../../load/generateLoad';
import { LoadError } from '../../load/loadError';
import { rateSchedule, shapedSchedule, traceSchedule, type ScheduledInterval } from '../../load/loadSchedule';
import { readRateFile } from '../../load/rateFile';
import { workloadShapes, type WorkloadShape } from '../../load/workloadShape';
import { openTrace } from '../openTrace';
import { integer, positiveInteger, positiveNumber } from '../options';
import { sampleTraces } from '../project';
import { renderLoad } from '../render/load';

interface Flags {
  entry: Map<string, string>;
  localAddress: Map<string, string>;
  traces: string;
  from?: string;
  intervals?: number;
  rates?: string;
  secondsPerInterval: number;
  shape?: WorkloadShape;
  stepsPerInterval: number;
  spacing: Spacing;
  seed: number;
  maxConcurrency: number;
  timeoutSeconds: number;
  json?: true;
}

/** The reference's: an hour takes 30 s and its shapes have steps of 10 s (carbonfirst/casper, simulation.py). */
const referenceSecondsPerInterval = 30;
const referenceStepsPerInterval = 3;

export const loadCommand = new Command('load')
  .description(
    'Send requests to every origin’s entry point at the rates of a trace or of a file; open loop, an hour squeezed into seconds.',
  )
  .addOption(
    new Option('--entry <origin=url>', 'entry point of an origin; once for each')
      .argParser(collect(httpUrl))
      .makeOptionMandatory(),
  )
  .addOption(
    new Option('--local-address <origin=ip>', 'address of this machine that an origin sends from')
      .argParser(collect(ipAddress))
      .default(new Map<string, string>(), 'the system’s choice'),
  )
  .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
  .option('--from <time>', 'start of the first interval, ISO 8601 in UTC (default: the first of the trace)')
  .option(
    '--intervals <n>',
    'how many intervals (default: 1 of a trace, all lines of a file)',
    positiveInteger,
  )
  .addOption(
    new Option(
      '--rates <file>',
      'instead of a trace: one rate a line, in requests/s of each entry point',
    ).conflicts(['traces', 'from']),
  )
  .option(
    '--seconds-per-interval <s>',
    'what an interval is squeezed into',
    positiveNumber,
    referenceSecondsPerInterval,
  )
  .addOption(
    new Option('--shape <name>', 'how the rate goes up and down within an interval').choices(workloadShapes),
  )
  .option(
    '--steps-per-interval <n>',
    'parts of an interval that a shape draws rates for',
    positiveInteger,
    referenceStepsPerInterval,
  )
  .addOption(
    new Option('--spacing <kind>', 'how requests follow each other')
      .choices(['even', 'poisson'])
      .default('even'),
  )
  .option('--seed <n>', 'of whatever is random', integer, 1)
  .option('--max-concurrency <n>', 'requests of an origin that may be under way', positiveInteger, 512)
  .option('--timeout-seconds <s>', 'after which a request has failed', positiveNumber, 10)
  .option('--json', 'print one JSON object an interval, or step of it')
  .action(async (flags: Flags) => {
    const schedule = scheduleOf(flags);
    const stop = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        stop.abort();
      });
    }
    let reported = 0;
    const { endedBySignal } = await generateLoad({
      origins: [...flags.entry].map(([name, url]) => ({
        name,
        url,
        localAddress: flags.localAddress.get(name),
      })),
      intervals: schedule,
      seed: flags.seed,
      spacing: flags.spacing,
      maxConcurrency: flags.maxConcurrency,
      timeoutMs: flags.timeoutSeconds * 1000,
      signal: stop.signal,
      keepLog: false,
      onInterval: (load) => {
        const { interval = '', step = 1 } = schedule[reported++] ?? {};
        console.log(flags.json ? JSON.stringify({ interval, step, ...load }) : renderLoad(interval, load));
      },
    });
    if (endedBySignal) console.error('note: ended by a signal; what is counted is whole up to it');
  });

function scheduleOf(flags: Flags): ScheduledInterval[] {
  const { entry, localAddress, secondsPerInterval: seconds } = flags;
  const origins = [...entry.keys()];
  const stranger = [...localAddress.keys()].find((origin) => !entry.has(origin));
  if (stranger !== undefined) {
    throw new LoadError(
      `--local-address names ${stranger}, which has no --entry; entries: ${origins.join(', ')}`,
    );
  }
  const schedule =
    flags.rates === undefined
      ? scheduleOfTrace(flags, origins)
      : rateSchedule(readRateFile(flags.rates).slice(0, flags.intervals), seconds, origins);
  return flags.shape === undefined
    ? schedule
    : shapedSchedule(schedule, flags.shape, flags.stepsPerInterval, flags.seed);
}

function scheduleOfTrace(flags: Flags, origins: readonly string[]): ScheduledInterval[] {
  const trace = openTrace(flags.traces);
  const schedule = traceSchedule(trace, flags.from, flags.intervals ?? 1, flags.secondsPerInterval, origins);
  const silent = trace.regions.filter((region) => !origins.includes(region));
  if (silent.length > 0) console.error(`note: no requests from ${silent.join(', ')}: no --entry`);
  return schedule;
}

function collect(check: (text: string) => string) {
  return (text: string, previous: Map<string, string> | undefined): Map<string, string> => {
    const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new InvalidArgumentError('Expected ORIGIN=VALUE.');
    if (previous?.has(name)) throw new InvalidArgumentError(`${name} is given twice.`);
    return new Map([...(previous ?? []), [name, check(value)]]);
  };
}

function httpUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('Expected an http or https URL after the equals sign.');
  }
  return text;
}

function ipAddress(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Expected an IP address after the equals sign.');
  return text;
}
