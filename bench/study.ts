import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { cpuUsage, resourceUsage } from 'node:process';
import { Command } from 'commander';
import { sum } from '../policies/model/matrix';
import { backTestTrace, type TraceBackTest } from '../study/forecast/backTestTrace';
import { keptResults } from '../study/keptResults';
import { runStudy, type ExperimentResult } from '../study/runStudy';
import { readStudy, type Study } from '../study/studyFile';
import { traceRows, zoneRows } from '../study/studySummary';
import { readTrace } from '../traces/readTrace';
import { readPublished } from '../traces/readZones';
import { hoursOfYear } from './yearOfRegions';

/** Sums of requests/s times gCO2e/kWh over 2022-08-13, by the reference's own model (PuLP with CBC), by bound in ms. */
const paperSums: Readonly<Record<number, number>> = {
  500: 2_047_036,
  150: 2_862_056,
  100: 5_540_519.566391,
  50: 7_013_546.566391,
};

/** The hours before it are those on which the methods were chosen. */
const forecastsFrom = '2022-09-14T00:00:00Z';
const leads = 24;

const project = path.resolve(__dirname, '..', '..');
const { CASPER_WIKI_TRACES: wikiTraces, CASPER_BENCHMARKS: benchmarks } = process.env;
/** Where the data of a study are, if not where its file says. */
const dataOf: Readonly<Record<string, string | undefined>> = {
  'casper.yaml': wikiTraces,
  'eurosys24.yaml': benchmarks && path.join(benchmarks, 'eurosys24'),
};
const studyNamed = (name: string): Study => readStudy(path.join(project, 'studies', name), dataOf[name]);
const log = (text: string): void => void process.stderr.write(`${text}\n`);

/** The first experiment of a study of the project's own, computed anew. */
async function firstExperiment(name: string): Promise<ExperimentResult> {
  const study = studyNamed(name);
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-'));
  try {
    const [result] = await runStudy(
      { ...study, experiments: study.experiments.slice(0, 1) },
      keptResults(folder, []),
      () => undefined,
    );
    if (!result) throw new Error(`${name} has no experiment`);
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function eurosys(): Promise<{ worstDifference: number; exact50idle100ms: number }> {
  const result = await firstExperiment('eurosys24.yaml');
  const { experiment } = result;
  if (experiment.kind !== 'zones' || experiment.published === undefined)
    throw new Error('nothing was published');
  const rows = zoneRows(result, readPublished(experiment.published));
  const differences = rows.flatMap(({ gramsPerKwh, publishedGramsPerKwh }) =>
    publishedGramsPerKwh === null ? [] : [Math.abs((gramsPerKwh ?? NaN) - publishedGramsPerKwh)],
  );
  const exact = rows.find(
    ({ policy, idlePercent, boundMs }) => policy === 'exact' && idlePercent === 50 && boundMs === 100,
  );
  return { worstDifference: Math.max(...differences), exact50idle100ms: exact?.gramsPerKwh ?? NaN };
}

/** The largest relative difference to the reference's sums. */
async function paper(): Promise<number> {
  const rows = traceRows(await firstExperiment('casper.yaml'), 1);
  const differences = Object.entries(paperSums).map(([boundMs, expected]) => {
    const row = rows.find((one) => one.policy === 'carbon' && one.boundMs === Number(boundMs));
    return Math.abs((row?.measured?.outcome.carbonSum ?? NaN) / expected - 1);
  });
  return Math.max(...differences);
}

/** Seconds of hourly planning on all processors, and of processor time: the latter hardly depend on who else runs. */
async function planningSeconds(
  regions: number,
  hours: number,
): Promise<{ readonly wall: number; readonly cpu: number }> {
  const { default: Tinypool } = await import('tinypool');
  const pool = new Tinypool({
    filename: path.join(__dirname, 'yearOfRegions.js'),
    maxThreads: availableParallelism(),
  });
  const start = performance.now();
  const used = cpuUsage();
  const week = 7 * 24;
  const weeks = Array.from({ length: Math.ceil(hours / week) }, (_, index) => index * week);
  let done = 0;
  await Promise.all(
    weeks.map(async (from) => {
      await pool.run({ regions, from, to: Math.min(hours, from + week) });
      log(
        `week ${++done} of ${weeks.length} of ${regions} regions: ${((performance.now() - start) / 1000).toFixed(0)} s`,
      );
    }),
  );
  await pool.destroy();
  const { user, system } = cpuUsage(used);
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

function coverageOf(tests: readonly TraceBackTest[]): number {
  const judged = sum(tests.flatMap(({ withInterval }) => withInterval));
  return (
    sum(
      tests.flatMap(({ covered, withInterval }) =>
        covered.map((share, lead) => share * (withInterval[lead] ?? NaN)),
      ),
    ) / judged
  );
}

async function main(hours: number): Promise<void> {
  const { worstDifference, exact50idle100ms } = await eurosys();
  log(
    `EuroSys'24: largest difference to what was published ${worstDifference} g/kWh; exact ${exact50idle100ms}`,
  );
  const paperWorstRelative = await paper();
  log(`the paper's sums: largest relative difference ${paperWorstRelative}`);
  const trace = readTrace(studyNamed('casper.yaml').data);
  const tests = backTestTrace(trace, forecastsFrom, undefined, ['combined'], leads);
  for (const { series, mase, covered } of tests) {
    log(`${series}, by lead: scaled error ${mase.map((value) => value.toFixed(3)).join(' ')}`);
    log(`${series}, by lead: inside 90 % ${covered.map((value) => value.toFixed(3)).join(' ')}`);
  }
  const seconds = await planningSeconds(100, hours);
  console.log(
    JSON.stringify({
      eurosysWorstDifference: worstDifference,
      eurosysExact50idle100ms: exact50idle100ms,
      paperWorstRelative,
      coverage90: coverageOf(tests),
      maseWorst: Math.max(...tests.flatMap(({ mase }) => mase)),
      yearHundredRegionsSeconds: Math.round(seconds.wall * (hoursOfYear / hours)),
      yearHundredRegionsCpuSeconds: Math.round(seconds.cpu * (hoursOfYear / hours)),
      yearHundredRegionsHours: hours,
      peakMemoryMb: Math.round(resourceUsage().maxRSS / 1024),
    }),
  );
}

new Command('study')
  .description(
    'Known experiments repeated, forecasts judged, and a year of planning for 100 regions: some ten minutes.',
  )
  .option('--hours <n>', 'hours of the year to plan; the time is scaled to a year', Number, hoursOfYear)
  .action(({ hours }: { hours: number }) => main(hours))
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
