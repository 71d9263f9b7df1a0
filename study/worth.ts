import { isoOf, secondsOf } from '../traces/time';
import type { Trace } from '../traces/trace';
import { runTraceCell } from './runTraceCell';
import type { ExperimentResult } from './runStudy';
import { cellsOf, type StudyCell, type TraceCell } from './studyCells';
import { parseStudy, type TraceExperiment } from './studyFile';
import { mapRows, type MapRow } from './planningMap';
import type { RunWords } from './studyRemedies';
import { traceRows, type TraceRow } from './studySummary';

/** A service as its owner describes it before anything is installed. */
export interface Service {
  /** Start of the first hour, and of the first left out, ISO 8601. */
  readonly from?: string;
  readonly to?: string;
  /** ms; Infinity for none. */
  readonly maxLatencyMs: number;
  readonly servers: number;
  readonly requestsPerServer: number;
  readonly regionsFile?: string;
  readonly networkJoulesPerRequest?: number;
  readonly alpha: number;
  readonly solver: TraceExperiment['solver'];
  /** What plans are made from where they cannot know what comes. */
  readonly forecast: string;
}

/** What moving the load of a service would have saved. */
export interface Worth {
  readonly rows: readonly TraceRow[];
  /** Null where no policy has a result. */
  readonly setting: MapRow | null;
  readonly verdict: Verdict;
}

/**
 * `hourly`: planning anew saves at least 5 % more than a placement that stays. `once`: a placement that stays gets what
 * there is. `nothing`: neither saves 5 %. `unknown`: what a verdict would rest on has no result.
 */
export type Verdict = 'hourly' | 'once' | 'nothing' | 'unknown';

/** Under this share of a baseline's grams nothing is worth installing for. */
export const worthwhileShare = 0.05;

/** What forecasts and a learnt placement know before the first hour. */
const hoursBefore = 21 * 24;
const seed = 1;

/**
 * Plans a service's past as if it had been moved, hour by hour, and compares.
 * @param words for the remedies where there is no result
 * @param finished is told of each policy that is done
 * @throws TraceError
 */
export async function worthOf(
  trace: Trace,
  service: Service,
  words: RunWords,
  finished: (cell: StudyCell, done: number, of: number) => void = () => undefined,
): Promise<Worth> {
  const experiment = experimentOf(trace, service);
  const cells: ExperimentResult['cells'][number][] = [];
  const all = cellsOf(experiment, { seed });
  for (const cell of all) {
    cells.push({ cell, result: await runTraceCell(cell as TraceCell, words) });
    finished(cell, cells.length, all.length);
  }
  const rows = traceRows({ experiment, cells }, seed);
  const [setting = null] = mapRows(rows);
  return { rows, setting, verdict: verdictOf(rows) };
}

function experimentOf(trace: Trace, service: Service): TraceExperiment {
  const { from, to, maxLatencyMs, servers, requestsPerServer, alpha, solver, forecast } = service;
  const { experiments } = parseStudy(
    {
      title: 'worth',
      data: trace.directory,
      experiments: [
        {
          ...{ kind: 'trace', name: 'worth', folder: trace.directory },
          ...{ from: from ?? firstWithHistory(trace), to, regionsFile: service.regionsFile },
          ...{ boundsMs: [Number.isFinite(maxLatencyMs) ? maxLatencyMs : 'none'], servers: [servers] },
          ...{ requestsPerServer, alpha, solver },
          accounting: { networkJoulesPerRequest: service.networkJoulesPerRequest },
          policies: ['latency', 'replay', 'static', 'static-learnt', 'carbon'],
          forecasts: ['perfect', forecast],
        },
      ],
    },
    'what was asked',
  );
  return experiments[0] as TraceExperiment;
}

/** The first hour that has three weeks before it, where the trace is long enough for that and a day more. */
function firstWithHistory(trace: Trace): string {
  const first = secondsOf(trace.firstInterval);
  const start = first + hoursBefore * trace.intervalSeconds;
  const isLong = start + 24 * trace.intervalSeconds <= secondsOf(trace.lastInterval) + trace.intervalSeconds;
  return isoOf(isLong ? start : first);
}

function verdictOf(rows: readonly TraceRow[]): Verdict {
  const learnt = rows.find(({ policy }) => policy === 'static-learnt')?.savedAgainst['latency'];
  const planned = rows.find(({ policy, forecast }) => policy === 'carbon' && forecast !== null);
  const saved = planned?.savedAgainst['latency'];
  const more = planned?.savedAgainst['static-learnt'];
  if (!learnt || !saved || !more) return 'unknown';
  if (Math.max(learnt.share, saved.share) < worthwhileShare) return 'nothing';
  return more.share >= worthwhileShare ? 'hourly' : 'once';
}
