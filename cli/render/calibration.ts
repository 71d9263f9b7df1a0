import type { Calibration, CalibrationOptions, CalibrationStep } from '../../calibrate/calibration';
import type { Line } from '../../calibrate/fitLine';
import { rateText } from '../../calibrate/rateText';
import { shareUsed, type ServerCapacity } from '../../calibrate/serverCapacity';
import { isUnknown } from '../../observe/unknown';
import { believedRate, type Capacity } from '../../stack/capacity';
import { table } from './render';

/** One rate that was tried, on one line. */
export function renderStep(step: CalibrationStep, percentile: string): string {
  const { millicores, requestsPerSecond, latencyMs, lateMs, failed, cpuMillicores, verdict } = step;
  const latency = latencyMs === null ? 'no answer' : `p${percentile} ${latencyMs.toFixed(0)} ms`;
  const cpu = isUnknown(cpuMillicores) ? 'CPU unknown' : `${cpuMillicores.toFixed(0)}m used`;
  const late = verdict === 'late' ? `, left ${lateMs?.toFixed(0) ?? '?'} ms late` : '';
  return `  ${millicores}m: ${rateText(requestsPerSecond)} requests/s: ${latency}, ${failed} failed, ${cpu}${late}: ${verdict}`;
}

/** What was found: rates by limit, as a table and a chart, and what they say of a server. */
export function renderCalibration(
  { region, latencyMs, percentile, rounds }: CalibrationOptions,
  { knees, notes }: Calibration,
  found: ServerCapacity,
  capacity: Capacity,
): string {
  const limits = [...Map.groupBy(knees, ({ millicores }) => millicores)];
  const share = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(0)} %`);
  return [
    `${region}: requests/s with p${percentile} within ${latencyMs} ms and none failed, by CPU limit`,
    table(
      [
        'CPU limit',
        ...Array.from({ length: rounds }, (_, index) => `round ${index + 1}`),
        'line',
        'CPU used',
        'believed',
      ],
      limits.map(([millicores, own]) => [
        `${millicores}m`,
        ...own.map(({ kept, broken }) => `${rateText(kept)} (not ${rateText(broken)})`),
        found.line ? rateText(at(found.line, millicores)) : '-',
        own.map((knee) => share(shareUsed(knee))).join(', '),
        rateText(believedRate(capacity, millicores)),
      ]),
    ),
    ...chart(
      limits.map(([millicores, own]) => ({
        millicores,
        rate: own.reduce((sum, { kept }) => sum + kept, 0) / own.length,
      })),
      found.line,
    ),
    ...sentences(found, capacity),
    ...notes.map((note) => `  note: ${note}`),
  ].join('\n');
}

const chartWidth = 50;

/** A bar a limit, as long as the rounds' mean is high; the line's own value is marked. */
function chart(bars: readonly { millicores: number; rate: number }[], line: Line | null): string[] {
  const values = bars.flatMap(({ millicores, rate }) => [rate, line ? at(line, millicores) : 0]);
  const most = Math.max(...values);
  const cells = (rate: number): number => Math.round((chartWidth * rate) / most);
  return [
    `  requests/s (#: mean of the rounds${line ? ', |: the line' : ''})`,
    ...bars.map(({ millicores, rate }) => {
      const bar = '#'.repeat(cells(rate)).padEnd(chartWidth + 1);
      const mark = line ? Math.max(0, cells(at(line, millicores))) : undefined;
      const marked = mark === undefined ? bar : `${bar.slice(0, mark)}|${bar.slice(mark + 1)}`;
      return `  ${`${millicores}m`.padStart(7)} ${marked} ${rateText(rate)}`;
    }),
  ];
}

/** Less of its limit than this, and it was not CPU that ended a limit's rates. */
const leastShareUsed = 1 / 3;

function sentences(found: ServerCapacity, capacity: Capacity): string[] {
  const { line, requestsPerServer, use, useMissing, idleMillicores } = found;
  if (!line || !requestsPerServer) return ['  too few searches for a line'];
  const { estimate, low, high } = requestsPerServer;
  const perServer = capacity.cpuMillicoresPerServer;
  return [
    `  requests/s = ${line.slope.toFixed(3)} x CPU limit in m ${signed(line.intercept, 1)}; slope -+ ${line.slopeError.toFixed(3)} (standard error), intercept -+ ${line.interceptError.toFixed(1)}, of ${line.points} searches`,
    `  a server of ${perServer}m carries ${estimate.toFixed(1)} requests/s, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}; the stack file says ${capacity.requestsPerServer}`,
    use
      ? `  CPU in m = ${use.slope.toFixed(3)} x requests/s ${signed(use.intercept, 1)}: a request takes ${use.slope.toFixed(2)} ms of CPU (95 % interval ${use.slopeInterval.low.toFixed(2)} to ${use.slopeInterval.high.toFixed(2)}, of ${use.points} steps)`
      : '  what a request takes of CPU is unknown',
    ...(useMissing === null ? [] : [`  note: ${useMissing}`]),
    ...(idleMillicores !== null && idleMillicores > capacity.epsilonMillicores
      ? [
          `  note: by the line the first ${Math.ceil(idleMillicores)}m of a region's limit carry nothing; epsilonMillicores is ${capacity.epsilonMillicores}, so that a region with few servers carries less than they say`,
        ]
      : []),
  ];
}

/** Notes on limits whose pods used so little of their CPU that something else must have ended their rates. */
export function notEndedByCpu({ knees }: Calibration): string[] {
  return knees.flatMap((knee) => {
    const share = shareUsed(knee);
    if (share === null || share >= leastShareUsed) return [];
    return [
      `at ${knee.millicores}m the pods used ${(100 * share).toFixed(0)} % of their limit: something else than CPU ends what they carry`,
    ];
  });
}

const at = ({ slope, intercept }: Line, x: number): number => slope * x + intercept;

function signed(value: number, digits: number): string {
  return `${value < 0 ? '-' : '+'} ${Math.abs(value).toFixed(digits)}`;
}
