import type { ChosenValue, Origin } from '../../signals/chooseValue';
import type { RegionPues } from '../../signals/regionPue';
import type { RegionSignal } from '../../signals/readSignals';
import { describeMethod } from '../../signals/signalValue';
import { table } from './render';

const words: Readonly<Record<Origin, string>> = {
  source: 'now',
  lastKnown: 'last known',
  forecast: 'forecast',
  mean: 'mean of this hour',
};

/** The regions' carbon intensity, where each value comes from, and what was wrong with the data. */
export function renderSignals(read: readonly RegionSignal[], { byRegion, notCounted }: RegionPues): string {
  return [
    table(
      ['region', 'zone', 'gCO2e/kWh', 'x PUE', 'method', 'basis', 'period', 'age', 'value', 'source'],
      read.map(({ region, zone, source, signal }) => [
        region,
        zone,
        ...('missing' in signal
          ? ['missing', '', '', '', '', '', '']
          : cellsOf(signal, byRegion.get(region))),
        source,
      ]),
    ),
    ...read.flatMap(({ region, signal }) =>
      'missing' in signal ? [`  MISSING: ${region}: ${signal.missing}`] : [],
    ),
    ...read.flatMap(({ region, faults }) =>
      faults.map(({ kind, message }) => `  ${region}: ${kind}: ${message}`),
    ),
    ...(notCounted === null ? [] : [`  ${notCounted}`]),
  ].join('\n');
}

function cellsOf({ from, value, ageSeconds }: ChosenValue, pue: number | undefined): string[] {
  return [
    value.gramsPerKwh.toFixed(1),
    pue === undefined ? '-' : `${pue}: ${(value.gramsPerKwh * pue).toFixed(1)}`,
    describeMethod(value.method),
    value.basis,
    value.start,
    ageSeconds === 0 ? '-' : `${Math.ceil(ageSeconds / 60)} min`,
    value.recorded === undefined ? words[from] : `${words[from]}, recorded ${value.recorded}`,
  ];
}
