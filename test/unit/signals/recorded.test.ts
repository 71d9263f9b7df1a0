import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { askAccess } from '../../../signals/askAccess';
import { readSignals } from '../../../signals/readSignals';
import { signalsSchema } from '../../../stack/signalsSchema';
import { cleanUp, hourMs, minuteMs, nowMs, surroundings } from './carbonServer';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-recorded-'));
});
afterEach(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true });
});

const hourSeconds = 3600;
/** A Monday. */
const first = Date.parse('2022-08-15T00:00:00Z') / 1000;

/** Hourly rows whose value is 100 and the number of the hour. */
function record(hours: number, header = 'paris', valueOf = (hour: number): unknown => 100 + hour): void {
  const rows = Array.from({ length: hours }, (_, hour) => {
    const values = header.split(',').map((_name, index) => String(valueOf(hour + 1000 * index)));
    return [first + hour * hourSeconds, ...values].join(',');
  });
  writeFileSync(
    path.join(folder, 'carbon_intensities.csv'),
    `${[`timestamp,${header}`, ...rows].join('\n')}\n`,
  );
}

const signals = () =>
  signalsSchema.parse({
    sources: [{ name: 'tape', kind: 'recorded', folder, signal: 'average', factors: 'lifeCycle' }],
  });
const paris = [{ name: 'paris' }];

test('the hour of now has the value of the same hour of the same day of the week, and says that it is recorded', async () => {
  record(15 * 24);
  const [read] = await readSignals(paris, signals(), surroundings());
  // Now is Thursday, 2026-08-13T12:20Z; weeks of the recording follow each other.
  const recorded = [
    { recorded: '2022-08-18T12:00:00Z', gramsPerKwh: 100 + 3 * 24 + 12 },
    { recorded: '2022-08-25T12:00:00Z', gramsPerKwh: 100 + 10 * 24 + 12 },
  ];
  expect(read).toMatchObject({
    ...{ source: 'tape', zone: 'paris', faults: [] },
    signal: {
      from: 'source',
      value: {
        ...{ start: '2026-08-13T12:00:00Z', basis: 'recorded', source: 'tape' },
        method: { signal: 'average', factors: 'lifeCycle', flowTraced: false },
      },
    },
  });
  const { value } = read?.signal as unknown as { value: (typeof recorded)[number] };
  expect(recorded).toContainEqual({ recorded: value.recorded, gramsPerKwh: value.gramsPerKwh });
});

test('the next hour has the next value; at its end the recording begins anew', async () => {
  record(7 * 24);
  const place = surroundings();
  const grams = async (): Promise<number> => {
    const [read] = await readSignals(paris, signals(), place);
    return (read?.signal as unknown as { value: { gramsPerKwh: number } }).value.gramsPerKwh;
  };
  expect(await grams()).toBe(100 + 3 * 24 + 12);
  place.later(hourMs);
  expect(await grams()).toBe(100 + 3 * 24 + 13);
  // Sunday's last hour, and Monday's first.
  const sunday = Date.parse('2026-08-16T23:10:00Z');
  place.later(sunday - nowMs - hourMs);
  expect(await grams()).toBe(100 + 7 * 24 - 1);
  place.later(hourMs);
  expect(await grams()).toBe(100);
});

test('a recording of less than a week goes by the hour of the day', async () => {
  record(50);
  const [read] = await readSignals(paris, signals(), surroundings());
  const { value } = read?.signal as unknown as { value: { recorded: string } };
  expect(value.recorded).toMatch(/T12:00:00Z$/);
});

test('a hole is missing: the value before it stands in, and is said to', async () => {
  const hole = [10, 11, 12].map((hour) => 3 * 24 + hour);
  record(7 * 24, 'paris', (hour) => (hole.includes(hour) ? '' : 100 + hour));
  const [read] = await readSignals(paris, signals(), surroundings());
  expect(read?.signal).toMatchObject({ from: 'lastKnown', value: { gramsPerKwh: 100 + 3 * 24 + 9 } });
  expect(read?.faults.map(({ kind }) => kind)).toContain('null');
});

test('a file that is replaced is read anew', async () => {
  record(7 * 24);
  const place = surroundings();
  await readSignals(paris, signals(), place);
  await new Promise((resolve) => setTimeout(resolve, 20));
  record(7 * 24, 'paris', (hour) => 700 + hour);
  place.later(minuteMs);
  const [read] = await readSignals(paris, signals(), place);
  expect(read?.signal).toMatchObject({ value: { gramsPerKwh: 700 + 3 * 24 + 12 } });
});

describe('columns that are called like zones', () => {
  const regions = [{ name: 'frankfurt', signal: { zone: 'DE' } }, { name: 'california' }];

  test('by signal.zone, and by zones.csv', async () => {
    record(7 * 24, 'DE,US-CAL-CISO');
    writeFileSync(path.join(folder, 'zones.csv'), 'zone,region\nUS-CAL-CISO,california\n');
    expect(await askAccess(regions, signals(), surroundings())).toEqual([]);
    const [de, california] = await readSignals(regions, signals(), surroundings());
    expect(de).toMatchObject({ zone: 'DE', signal: { value: { gramsPerKwh: 184 } } });
    expect(california).toMatchObject({ zone: 'california', signal: { value: { gramsPerKwh: 1184 } } });
  });

  test('one that is not there is named before anything is planned, with those that are', async () => {
    record(7 * 24, 'DE,FR');
    const asked = askAccess(regions, signals(), surroundings());
    await expect(asked).rejects.toThrow(
      /california \(zone california of tape\): .*carbon_intensities.csv has no column "california"; it has: timestamp, DE, FR\. Name one of them as signal.zone/,
    );
    await expect(asked).rejects.not.toThrow('frankfurt');
  });
});

test.each([
  ['no file', () => undefined, /carbon_intensities.csv does not exist/],
  [
    'fewer hours than a day',
    () => {
      record(23);
    },
    /has 23 hours; expected a day at least/,
  ],
  [
    'text for a number',
    () => {
      record(30, 'paris', () => 'much');
    },
    /"much", expected gCO2e\/kWh/,
  ],
])('%s: said at start, and missing afterwards', async (_, make, message) => {
  make();
  await expect(askAccess(paris, signals(), surroundings())).rejects.toThrow(message);
  const [read] = await readSignals(paris, signals(), surroundings());
  expect(read?.signal).toHaveProperty('missing');
  expect(read?.faults[0]?.message).toMatch(message);
});
