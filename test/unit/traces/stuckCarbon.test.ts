import { readTrace } from '../../../traces/readTrace';
import { stuckCarbon } from '../../../traces/stuckCarbon';
import { goodFiles, removeTraceFolders, traceFolder } from './traceFolder';

afterEach(removeTraceFolders);

const startSeconds = 1_748_736_000;

/** Two days in which `north` moves and `south` has what is given by hour. */
function traceWith(south: (hour: number) => string) {
  const hours = Array.from({ length: 48 }, (_, hour) => hour);
  const rows = (cells: (hour: number) => string): string =>
    hours.map((hour) => `${startSeconds + hour * 3600},${cells(hour)}\n`).join('');
  return readTrace(
    traceFolder({
      ...goodFiles,
      'carbon_intensities.csv': `timestamp,north,south\n${rows((hour) => `${100 + hour},${south(hour)}`)}`,
      'requests.csv': `timestamp,north,south\n${rows(() => '1,1')}`,
    }),
  );
}

test('a region that does not move for a day is named, with since when and how long', () => {
  expect(stuckCarbon(traceWith((hour) => (hour >= 10 && hour < 40 ? '61.5' : String(hour + 1))))).toEqual([
    { region: 'south', gramsPerKwh: 61.5, start: '2025-06-01T10:00:00Z', hours: 30 },
  ]);
});

test('from the first hour on, and to the last', () => {
  expect(stuckCarbon(traceWith(() => '61'))).toMatchObject([{ start: '2025-06-01T00:00:00Z', hours: 48 }]);
});

test('not for less than a day, and not over a hole', () => {
  expect(stuckCarbon(traceWith((hour) => (hour < 23 ? '61' : String(100 + hour))))).toEqual([]);
  expect(stuckCarbon(traceWith((hour) => (hour % 20 === 0 ? '' : '61')))).toEqual([]);
});
