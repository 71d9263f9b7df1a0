import { table, type Cell } from './html';
import type { RecordedTick, RecordedValue } from './records';

type Values = NonNullable<RecordedTick['values']>;

/**
 * What each interval of a live run was planned from, region by region: where a value came from, how old it was, and what
 * was wrong with it. Nothing of a run that was not live.
 */
export function valuesTable(ticks: readonly RecordedTick[]): string[] {
  const rows = [...Map.groupBy(ticks, ({ interval }) => interval)].flatMap(([interval, own]) => {
    const { outcome = '', values = null } = decisive(own) ?? {};
    return values ? rowsOf(values).map((row) => [interval, outcome, ...row]) : [];
  });
  if (rows.length === 0) return [];
  const head = ['gCO2e/kWh', 'from', 'source', 'age, s', 'requests/s', 'from', 'age, s', 'what was wrong'];
  return ['<h2>What was planned from</h2>', table(['interval', 'tick', 'region', ...head], rows)];
}

/** The last tick of an interval that made its plan; where none did, the last that read anything. */
function decisive(ticks: readonly RecordedTick[]): RecordedTick | undefined {
  const read = ticks.filter(({ values }) => values !== null);
  return read.findLast(({ outcome }) => ['applied', 'unchanged'].includes(outcome)) ?? read.at(-1);
}

function rowsOf({ carbon, demand, faults }: Values): Cell[][] {
  const regions = [...new Set([...Object.keys(carbon), ...Object.keys(demand)])];
  const own = (region: string): string[] =>
    faults.filter((fault) => fault.startsWith(`${region}: `)).map((fault) => fault.slice(region.length + 2));
  const others = faults.filter((fault) => !regions.some((region) => fault.startsWith(`${region}: `)));
  return [
    ...regions.map((region) => {
      const [grams, rate] = [carbon[region], demand[region]];
      const wrong = [...missing('carbon intensity', grams), ...missing('demand', rate), ...own(region)];
      return [region, ...cells(grams, true), ...cells(rate, false), wrong.join('; ')];
    }),
    // What is wrong with no region in particular, as with a forecast of all demand.
    ...others.map((fault) => ['', ...Array<Cell>(7).fill(''), fault]),
  ];
}

/** @param withSource whether there is a column for it */
function cells(value: RecordedValue | undefined, withSource: boolean): Cell[] {
  if (!value) return ['', '', ...(withSource ? [''] : []), ''];
  if ('missing' in value) return ['', 'missing', ...(withSource ? [''] : []), ''];
  const { from, source = '', zone = '', ageSeconds } = value;
  const amount = (value.gramsPerKwh ?? value.requestsPerSecond)?.toFixed(1) ?? '';
  return [amount, from, ...(withSource ? [`${source} ${zone}`.trim()] : []), ageSeconds.toFixed(0)];
}

function missing(what: string, value: RecordedValue | undefined): string[] {
  return value && 'missing' in value ? [`${what}: ${value.missing}`] : [];
}
