import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { solvers, type SolverName } from '../policies/model/solvers';
import { forecasters } from './forecast/forecasters';
import { tracePolicies, zonePolicies } from './studyPolicies';

/** A study file that cannot be used; the message names the path in it, the value, what was expected and the remedy. */
export class StudyError extends Error {
  override readonly name = 'StudyError';
}

const oneOf = (names: readonly string[]) =>
  z.enum(names as [string, ...string[]], { error: `expected one of ${names.join(', ')}` });
const listOf = <T extends z.ZodType>(values: T) => z.array(values).min(1, 'expected at least one');
const name = z.string('expected a name').min(1, 'expected a name');
const time = z.iso.datetime({ offset: true, error: 'expected a time as in "2022-08-13T00:00:00Z"' });
const servers = z.int().min(1).max(1_000_000);
const share = z.number().min(0).max(1);
const exponent = z.number().min(0).max(3);
const boundMs = z.number().min(0).max(10_000);

const solverNames = Object.keys(solvers) as [SolverName, ...SolverName[]];

/** How a value of carbon intensity is made. What differs in it is never compared without a word. */
const method = {
  signal: z.enum(['average', 'marginal'], { error: 'expected average or marginal' }),
  /** Of what the power stations emit: all of their life cycle, or what they burn. */
  scope: z
    .enum(['life cycle', 'direct', 'unstated'], { error: 'expected life cycle, direct or unstated' })
    .default('unstated'),
};

const carbonTable = 'carbon_intensities.csv';

/** What policies plan by and carbon is counted by. */
const intensity = z.strictObject({
  /** Relative to `folder`. */
  table: name.default(carbonTable),
  ...method,
});

/** What the carbon of the same decisions is counted by as well: a table, or a value for each region. */
const otherIntensity = z.strictObject({
  /** Relative to `folder`. */
  table: name.optional(),
  /** gCO2e/kWh; a region that has none is left out. */
  gramsPerKwh: z.record(z.string(), z.number().positive().max(2000)).optional(),
  ...method,
});

/** How carbon is counted where a region's row of `regionsFile` does not say. */
const accounting = z.strictObject({
  idleWatts: z.number().min(0).max(100_000).optional(),
  dynamicWatts: z.number().min(0).max(100_000).optional(),
  pue: z.number().min(1).max(5).optional(),
  embodiedGramsPerServerHour: z.number().min(0).max(100_000).optional(),
  networkJoulesPerRequest: z.number().min(0).max(1e9).optional(),
});

const common = {
  name,
  /** What the experiment shows: a sentence of the page. */
  about: z.string().optional(),
  /** Where its data are, relative to the study's `data`. */
  folder: name.default('.'),
  /** What plans; `highs` needs no glpk.js. */
  solver: z.enum(solverNames, { error: `expected one of ${solverNames.join(', ')}` }).default('glpk'),
};

/** Policies over the hours of a trace: every combination of servers, bounds, policies and forecasts. */
const traceExperiment = z.strictObject({
  kind: z.literal('trace'),
  ...common,
  /** The whole trace where absent. */
  from: time.optional(),
  to: time.optional(),
  /** All of the trace's where absent. */
  regions: listOf(name).optional(),
  /** A regions.csv, relative to the study file. */
  regionsFile: name.optional(),
  intensity: intensity.default({ table: carbonTable, signal: 'average', scope: 'unstated' }),
  alsoBy: otherIntensity.optional(),
  accounting: accounting.default({}),
  /** The same hours with intensities further apart or nearer together: exponents, 1 as they are, 0 all equal. */
  spreads: listOf(z.strictObject({ regions: exponent.default(1), hours: exponent.default(1) })).default([
    { regions: 1, hours: 1 },
  ]),
  /** The table: a row each result, or a row each setting with what planning every hour adds there. */
  show: z.enum(['results', 'map'], { error: 'expected results or map' }).default('results'),
  /** Servers that a region may have. */
  servers: listOf(servers).default([100]),
  requestsPerServer: servers.default(10),
  boundsMs: listOf(z.union([boundMs, z.literal('none')], { error: 'expected milliseconds, or none' })),
  policies: listOf(oneOf(tracePolicies)),
  /** For the policies that can plan from forecasts; `perfect` plans from what will be. */
  forecasts: listOf(oneOf(['perfect', ...Object.keys(forecasters)])).default(['perfect']),
  /**
   * Largest errors of the carbon intensities that those policies plan from, in percent, on top of what the forecast is
   * off by; as in a zone experiment, each hour and region drawn by itself.
   */
  carbonErrorPercents: listOf(z.int().min(0).max(100)).default([0]),
  /** Share of hours in which no more requests should come than are planned for; null for no margin. */
  demandQuantile: share.nullable().default(0.98),
  /** For static-learnt: how many weeks before each week of the range it learns from. */
  learnFromWeeks: z.int().min(1).max(52).default(2),
  /** Weight of carbon against servers. */
  alpha: share.default(0.9),
  /** Where nothing keeps every limit, take the placement that breaks them least. */
  leastViolation: z.boolean().default(false),
  horizonIntervals: z.int().min(1).max(168).default(24),
  switchingGrams: z.number().min(0).default(0),
  minResidenceIntervals: z.int().min(1).max(168).default(1),
});

/** One placement of equal work in every grid zone, as EuroSys'24 (arXiv 2306.06502) has it. */
const zoneExperiment = z.strictObject({
  kind: z.literal('zones'),
  ...common,
  year: z.int().min(1900).max(2100),
  /** What zones of the latency matrix are called in the table of carbon intensities, where that differs. */
  carbonNames: z.record(z.string(), z.string()).default({}),
  /** A table of published results to show beside, relative to `data`. */
  published: name.optional(),
  /** Capacity that is idle before work moves, in percent. */
  idlePercents: listOf(z.number().min(0).max(99)),
  boundsMs: listOf(boundMs),
  policies: listOf(oneOf(zonePolicies)),
  /** Largest errors of the carbon intensities that are planned from, in percent. */
  errorPercents: listOf(z.int().min(0).max(100)).default([0]),
  /**
   * `independent`: an error is one draw. `compounded`: EuroSys'24's, whose errors of one size multiply those of all
   * smaller sizes.
   */
  errors: z.enum(['independent', 'compounded']).default('independent'),
  /** Draws of the errors; the mean over all of them is shown. */
  draws: z.int().min(1).max(10_000).default(1),
});

const studySchema = z.strictObject({
  title: name,
  about: z.string().optional(),
  /** Folder of the data, relative to the study file. */
  data: name,
  /** Of everything that is drawn: errors of forecasts, and the days of confidence intervals. */
  seed: z.int().min(0).max(2_147_483_647).default(1),
  experiments: listOf(
    z.discriminatedUnion('kind', [traceExperiment, zoneExperiment], {
      error: 'expected a kind: trace or zones',
    }),
  ),
});

export type Intensity = z.infer<typeof intensity>;
export type OtherIntensity = z.infer<typeof otherIntensity>;
export type TraceExperiment = z.infer<typeof traceExperiment>;
export type ZoneExperiment = z.infer<typeof zoneExperiment>;
export type Study = z.infer<typeof studySchema>;

/**
 * Reads and checks a study file (YAML). Its paths are made absolute.
 * @param data a folder to take in place of the file's `data`
 * @throws StudyError
 */
export function readStudy(file: string, data?: string): Study {
  if (!existsSync(file)) {
    throw new StudyError(`${file} does not exist; name a study file, as in studies/casper.yaml`);
  }
  const document = parseDocument(readFileSync(file, 'utf8'));
  const [fault] = document.errors;
  if (fault) throw new StudyError(`${file} is not YAML: ${fault.message}`);
  const study = parseStudy(document.toJS(), file);
  const besideStudy = (name: string): string => path.resolve(path.dirname(file), name);
  const folder = data === undefined ? besideStudy(study.data) : path.resolve(data);
  const inData = (name: string): string => path.resolve(folder, name);
  const experiments = study.experiments.map((experiment) => ({
    ...experiment,
    folder: inData(experiment.folder),
    ...('published' in experiment &&
      experiment.published !== undefined && { published: inData(experiment.published) }),
    ...('regionsFile' in experiment &&
      experiment.regionsFile !== undefined && { regionsFile: besideStudy(experiment.regionsFile) }),
  }));
  return { ...study, data: folder, experiments };
}

/**
 * Checks what a study file holds.
 * @param file names it in messages
 * @throws StudyError
 */
export function parseStudy(values: unknown, file: string): Study {
  const parsed = studySchema.safeParse(values);
  const faults = parsed.success
    ? faultsBetween(parsed.data)
    : parsed.error.issues.map(({ path: keys, message }) => {
        const value = valueAt(values, keys);
        const got =
          value === undefined || typeof value === 'object' ? '' : ` (it is ${JSON.stringify(value)})`;
        return `${keys.map(String).join('.') || 'the file'}: ${message}${got}`;
      });
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new StudyError(
    `${file} cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nCorrect it; studies/README.md lists every key.`,
  );
}

/** What must hold between values. */
function faultsBetween({ experiments }: Study): string[] {
  const names = experiments.map((experiment) => experiment.name);
  return experiments.flatMap((experiment, index) => {
    const place = `experiments.${index}`;
    const faults: string[] = [];
    if (names.indexOf(experiment.name) !== index) {
      faults.push(`${place}.name: "${experiment.name}" is the name of an earlier experiment; rename one`);
    }
    if (experiment.kind === 'trace' && experiment.from !== undefined && experiment.to !== undefined) {
      if (Date.parse(experiment.to) <= Date.parse(experiment.from)) {
        faults.push(`${place}.to: expected a time after from, ${experiment.from} (it is "${experiment.to}")`);
      }
    }
    if (experiment.kind === 'trace' && experiment.alsoBy) {
      const { table, gramsPerKwh } = experiment.alsoBy;
      if ((table === undefined) === (gramsPerKwh === undefined)) {
        faults.push(`${place}.alsoBy: expected either a table or gramsPerKwh by region; keep one of the two`);
      } else if (table === experiment.intensity.table) {
        faults.push(
          `${place}.alsoBy.table: expected another table than that of intensity (it is "${table}"); leave alsoBy out, or correct it`,
        );
      }
    }
    return faults;
  });
}

function valueAt(values: unknown, keys: readonly PropertyKey[]): unknown {
  let value = values;
  for (const key of keys) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

/** How intensities were made, in words. */
export function describeMethod({ signal, scope }: Pick<Intensity, 'signal' | 'scope'>): string {
  return `${signal} intensity, ${scope === 'unstated' ? 'life cycle or direct not stated' : scope}`;
}
