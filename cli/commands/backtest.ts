import { Command, InvalidArgumentError } from 'commander';
import { backTestTrace } from '../../study/forecast/backTestTrace';
import { forecasters } from '../../study/forecast/forecasters';
import { openTrace } from '../openTrace';
import { positiveInteger } from '../options';
import { sampleTraces } from '../project';
import { table } from '../render/render';

interface Flags {
  traces: string;
  from: string;
  to?: string;
  forecasts: string[];
  leads: number;
  json?: true;
}

const names = (text: string): string[] =>
  text.split(',').map((name) => {
    if (name.trim() in forecasters) return name.trim();
    throw new InvalidArgumentError(`Expected some of ${Object.keys(forecasters).join(', ')}.`);
  });

export const backtestCommand = new Command('backtest')
  .description(
    'Make the forecasts that would have been made, and say how far off they were. Changes nothing.',
  )
  .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
  .requiredOption('--from <time>', 'first hour in which a forecast is made, ISO 8601 in UTC')
  .option('--to <time>', 'first hour that is not forecast (default: the end of the trace)')
  .option('--forecasts <names>', 'with commas', names, Object.keys(forecasters))
  .option('--leads <hours>', 'how far ahead', positiveInteger, 24)
  .option('--json', 'print one JSON object')
  .action(({ traces, from, to, forecasts, leads, json }: Flags) => {
    const trace = openTrace(traces);
    const results = backTestTrace(trace, from, to, forecasts, leads);
    if (json) {
      console.log(JSON.stringify({ from, synthetic: trace.synthetic, results }));
      return;
    }
    const shown = [1, 2, 3, 6, 12, 24, 48].filter((lead) => lead <= leads);
    const shownAt = (values: readonly number[], text: (value: number) => string): string[] =>
      shown.map((lead) => text(values[lead - 1] ?? NaN));
    const percent = (value: number): string => (Number.isNaN(value) ? '-' : `${(value * 100).toFixed(1)} %`);
    const rows = results.flatMap(({ forecast, series, mape, mase, covered }) => [
      [forecast, series, 'error', ...shownAt(mape, percent)],
      ['', '', "over last week's", ...shownAt(mase, (value) => value.toFixed(3))],
      ['', '', 'inside 90 %', ...shownAt(covered, percent)],
    ]);
    console.log(
      `mean absolute percentage error, mean absolute error over that of last week's value, and share of values inside of their 90 % interval, over all regions${trace.synthetic ? ', SYNTHETIC trace' : ''}`,
    );
    console.log(table(['forecast', 'of', '', ...shown.map((lead) => `${lead} h ahead`)], rows));
  });
