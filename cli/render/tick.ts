import type { Moved } from '../../live/limitMoves';
import type { TickRecord } from '../../live/tickRecord';
import type { UsedCarbon, UsedDemand, UsedValues } from '../../live/usedValues';
import type { Missing } from '../../traces/cells';
import { table } from './render';

const words: Readonly<Record<(UsedCarbon | UsedDemand)['from'], string>> = {
  source: 'now',
  measured: 'now',
  lastKnown: 'last known',
  forecast: 'forecast',
  mean: 'mean of this hour',
};

/** What a tick was made from, where each value comes from, and what became of it. */
export function renderTick(tick: TickRecord): string {
  return [
    `${tick.interval}  ${tick.outcome}: ${tick.why}`,
    ...(tick.values ? renderValues(tick.values) : []),
    ...(tick.guarded.length > 0
      ? [`  nothing moves to ${tick.guarded.join(', ')}, whose carbon intensity is not of now`]
      : []),
    ...(tick.moved ? [renderMoved(tick.moved)] : []),
    ...tick.reasons.map((reason) => `  ${reason}`),
  ].join('\n');
}

function renderMoved({ percent, wantedPercent, mostPercent, because }: Moved): string {
  const all = wantedPercent > percent ? `, of ${wantedPercent} % that would` : '';
  return `  ${percent} % of all requests move${all}; mostPercentMoved is ${mostPercent}${because === undefined ? '' : `, and more does, because ${because}`}`;
}

function renderValues({ carbon, demand, faults }: UsedValues): string[] {
  return [
    table(
      ['region', 'gCO2e/kWh', 'value', 'source', 'requests/s', 'value'],
      Object.keys(carbon).map((region) => [
        region,
        ...cells(carbon[region], gramsOf),
        sourceOf(carbon[region]),
        ...cells(demand[region], ({ requestsPerSecond }) => requestsPerSecond.toFixed(1)),
      ]),
    ),
    ...faults.map((fault) => `  ${fault}`),
  ];
}

function gramsOf({ gramsPerKwh, gridGramsPerKwh, pue }: UsedCarbon): string {
  const grid =
    pue === undefined || gridGramsPerKwh === undefined ? '' : ` (${gridGramsPerKwh.toFixed(1)} x PUE ${pue})`;
  return `${gramsPerKwh.toFixed(1)}${grid}`;
}

function cells<T extends UsedCarbon | UsedDemand>(
  value: T | Missing | undefined,
  text: (value: T) => string,
): string[] {
  if (!value || 'missing' in value) return ['missing', ''];
  const age = value.ageSeconds > 0 ? `, ${Math.ceil(value.ageSeconds / 60)} min old` : '';
  const recorded = 'recorded' in value ? `, recorded ${value.recorded}` : '';
  return [text(value), `${words[value.from]}${age}${recorded}`];
}

function sourceOf(value: UsedCarbon | Missing | undefined): string {
  return value && 'source' in value ? `${value.source} ${value.zone}` : '';
}
