import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { referenceCapacity } from '../../../stack/capacity';
import { planInterval } from '../../../planning/planRange';
import { readTrace } from '../../../traces/readTrace';
import { TraceError } from '../../../traces/traceError';
import { wikiTraces } from '../wikiTraces';
import { goodFiles, removeTraceFolders, traceFolder, type TraceFiles } from './traceFolder';

type FileName = keyof typeof goodFiles;

afterEach(removeTraceFolders);

/** The message of the error, with the folder's changing name left out. */
function refusal(folder: string, act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    return error.message.replaceAll(folder, '<folder>');
  }
  throw new Error('expected a TraceError');
}

function refusalOfFiles(files: TraceFiles): string {
  const folder = traceFolder(files);
  return refusal(folder, () => readTrace(folder));
}

function refusalAt(files: TraceFiles, time: string): string {
  const folder = traceFolder(files);
  const trace = readTrace(folder);
  return refusal(folder, () => trace.at(time));
}

/** The good files with one text in one of them replaced. */
function withChange(name: FileName, from: string, to: string): TraceFiles {
  if (!goodFiles[name].includes(from)) throw new Error(`${name} has no ${from}`);
  return { ...goodFiles, [name]: goodFiles[name].replace(from, to) };
}

function without(name: FileName): TraceFiles {
  return Object.fromEntries(Object.entries(goodFiles).filter(([other]) => other !== name));
}

describe('the reference’s data', () => {
  const trace = readTrace(wikiTraces());

  test('a quarter of its requests is whole requests, and the same carbon', () => {
    const [all, quarter] = [trace, trace.withShareOfRequests(0.25)].map((each) =>
      each.at(trace.firstInterval),
    );
    expect(quarter).toEqual({
      ...all,
      requestsPerSecond: all?.requestsPerSecond.map((requests) => Math.round(requests / 4)),
    });
  });

  test('six regions, and the seventh, which requests and latencies lack, is named', () => {
    expect(trace.regions).toEqual([
      'ap-southeast-2',
      'eu-central-1',
      'eu-west-3',
      'us-east-1',
      'us-east-2',
      'us-west-1',
    ]);
    expect(trace.droppedRegions).toEqual(['sa-east-1']);
    expect(trace.synthetic).toBe(false);
  });

  test('the hours that carbon and requests have in common', () => {
    expect(trace.firstInterval).toBe('2022-08-11T21:00:00Z');
    expect(trace.lastInterval).toBe('2022-09-30T21:00:00Z');
  });

  test('the values of an hour, from rows that are not in order of time', () => {
    expect(trace.at(trace.firstInterval)).toEqual({
      start: '2022-08-11T21:00:00Z',
      requestsPerSecond: [214, 382, 149, 208, 51, 41],
      carbonGramsPerKwh: [696, 304, 89, 403, 400, 273],
    });
    expect(trace.latencyMs[0]).toEqual([3.42, 248.24, 279.53, 198.31, 188.03, 139.67]);
    expect(trace.latencyMs[4]?.[3]).toBe(16.1);
  });
});

describe('any set of regions', () => {
  test('the four files as they stand', () => {
    const folder = traceFolder(goodFiles);
    const trace = readTrace(folder);
    expect(trace.directory).toBe(folder);
    expect(trace.regions).toEqual(['north', 'south', 'west']);
    expect(trace.droppedRegions).toEqual([]);
    expect(trace.latencyMs).toEqual([
      [1, 12, 13.5],
      [21, 2, 23],
      [31, 32, 3],
    ]);
    expect(trace.firstInterval).toBe('2025-06-01T00:00:00Z');
    expect(trace.lastInterval).toBe('2025-06-01T03:00:00Z');
    expect(trace.at('2025-06-01T01:00:00Z')).toEqual({
      start: '2025-06-01T01:00:00Z',
      requestsPerSecond: [11, 21, 31],
      carbonGramsPerKwh: [110, 210, 310],
    });
  });

  test('one region', () => {
    const trace = readTrace(
      traceFolder({
        'carbon_intensities.csv': 'timestamp,only\n1748736000,5\n',
        'requests.csv': 'timestamp,only\n1748736000,0\n',
        'latency.csv': 'only\n0\n',
      }),
    );
    expect(trace.at('2025-06-01T00:00:00Z')).toMatchObject({
      requestsPerSecond: [0],
      carbonGramsPerKwh: [5],
    });
  });

  test('a region that a file lacks is dropped from all, and named', () => {
    const trace = readTrace(
      traceFolder({
        ...goodFiles,
        'requests.csv': 'timestamp,west,north\n1748736000,30,10\n',
      }),
    );
    expect(trace.regions).toEqual(['north', 'west']);
    expect(trace.droppedRegions).toEqual(['south']);
    expect(trace.latencyMs).toEqual([
      [1, 13.5],
      [31, 3],
    ]);
    expect(trace.at('2025-06-01T00:00:00Z')).toMatchObject({
      requestsPerSecond: [10, 30],
      carbonGramsPerKwh: [100, 300],
    });
  });

  test('the reference’s offset.csv is not looked at', () => {
    const trace = readTrace(traceFolder({ ...goodFiles, 'offset.csv': 'north\nCET\n' }));
    expect(trace.regions).toEqual(['north', 'south', 'west']);
  });

  test('a time in another zone is the same interval', () => {
    const trace = readTrace(traceFolder(goodFiles));
    expect(trace.at('2025-06-01T03:00:00+02:00')).toEqual(trace.at('2025-06-01T01:00:00Z'));
  });

  test('a folder that says so is synthetic', () => {
    const folder = traceFolder(goodFiles);
    writeFileSync(path.join(folder, 'SYNTHETIC.md'), '');
    expect(readTrace(folder).synthetic).toBe(true);
  });
});

describe('the form of the files does not matter', () => {
  const plain = (files: TraceFiles): unknown => {
    const trace = readTrace(traceFolder(files));
    const hours = [0, 1, 2, 3].map((hour) => trace.at(`2025-06-01T0${hour}:00:00Z`));
    return { regions: trace.regions, latencyMs: trace.latencyMs, hours };
  };
  const mapped = (change: (text: string) => string): TraceFiles =>
    Object.fromEntries(Object.entries(goodFiles).map(([name, text]) => [name, change(text)]));

  test.each([
    ['a byte order mark', mapped((text) => `\uFEFF${text}`)],
    ['CRLF', mapped((text) => text.replaceAll('\n', '\r\n'))],
    ['both', mapped((text) => `\uFEFF${text.replaceAll('\n', '\r\n')}`)],
    ['empty lines and blanks', mapped((text) => text.replaceAll('\n', '\n\n').replaceAll(',', ' , '))],
    ['quotes', mapped((text) => text.replace(/north|south|west/g, '"$&"'))],
  ])('%s', (_, files) => {
    expect(plain(files)).toEqual(plain(goodFiles));
  });

  test('rows in any order', () => {
    const reversed = (text: string): string => {
      const [header, ...rows] = text.trimEnd().split('\n');
      return [header, ...rows.reverse(), ''].join('\n');
    };
    const files = {
      ...goodFiles,
      'carbon_intensities.csv': reversed(goodFiles['carbon_intensities.csv']),
      'requests.csv': reversed(goodFiles['requests.csv']),
    };
    expect(plain(files)).toEqual(plain(goodFiles));
  });
});

describe('a bad file is refused, with the place and the remedy', () => {
  test('no folder', () => {
    const folder = path.join(traceFolder({}), 'none');
    expect(refusal(folder, () => readTrace(folder))).toBe(
      '<folder> is no folder; name one that holds the three CSV files of a trace with --traces',
    );
  });

  test('a file for a folder', () => {
    const folder = path.join(traceFolder(goodFiles), 'latency.csv');
    expect(refusal(folder, () => readTrace(folder))).toMatch(/^<folder> is no folder; /);
  });

  test.each(Object.keys(goodFiles) as FileName[])('no %s', (name) => {
    expect(refusalOfFiles(without(name))).toBe(
      `<folder>/${name} does not exist; a trace is a folder with carbon_intensities.csv, requests.csv and latency.csv`,
    );
  });

  test('a folder for a file', () => {
    const folder = traceFolder(without('requests.csv'));
    mkdirSync(path.join(folder, 'requests.csv'));
    expect(refusal(folder, () => readTrace(folder))).toMatch(/^<folder>\/requests.csv does not exist; /);
  });

  test.each([
    ['nothing in it', ''],
    ['a header and no row', 'timestamp,north,south,west\n'],
  ])('%s', (_, text) => {
    expect(refusalOfFiles({ ...goodFiles, 'requests.csv': text })).toBe(
      '<folder>/requests.csv is empty; expected a header and at least one row',
    );
  });

  test.each<[string, FileName, string, string, string]>([
    [
      'a torn row',
      'requests.csv',
      ',12,22,32\n',
      ',12\n',
      '<folder>/requests.csv:4 has 3 cells, the header 5; the file is torn there: fetch it again or remove the row',
    ],
    [
      'a row with a cell too many',
      'carbon_intensities.csv',
      '110,',
      '110,7,',
      '<folder>/carbon_intensities.csv:3 has 6 cells, the header 5; the file is torn there: fetch it again or remove the row',
    ],
    [
      'a torn header',
      'requests.csv',
      'timestamp,datetime,north,south,west',
      'timestamp,datetime,nor',
      '<folder>/requests.csv:1 has 3 cells, every row 5; the header is torn: fetch the file again or correct the header',
    ],
    [
      'an open quote',
      'requests.csv',
      '1748743200,',
      '1748743200,"',
      '<folder>/requests.csv is not CSV: Quote Not Closed: the parsing is finished with an opening quote at line 5; fetch it again or correct that line',
    ],
    [
      'a duplicate column',
      'carbon_intensities.csv',
      'south',
      'north',
      '<folder>/carbon_intensities.csv:1 has two columns "north"; remove or rename one',
    ],
    [
      'no column of times',
      'requests.csv',
      'timestamp',
      'time',
      '<folder>/requests.csv has no column "timestamp"; it has: time, datetime, north, south, west',
    ],
    [
      'a duplicate time',
      'requests.csv',
      '1748743200',
      '1748736000',
      '<folder>/requests.csv:4 repeats the time 2025-06-01T00:00:00Z of line 2; remove one of the two rows',
    ],
    [
      'rows that are not hourly',
      'requests.csv',
      '1748743200',
      '1748743260',
      '<folder>/requests.csv:4 starts at 2025-06-01T02:01:00Z, not whole hours after the first row; expected hourly rows: correct or resample them',
    ],
    [
      'a time that is none',
      'requests.csv',
      '1748743200',
      '01.06.2025',
      '<folder>/requests.csv:4 column timestamp: "01.06.2025", expected Unix seconds before the year 2100; correct the time or remove the row',
    ],
    [
      'milliseconds for seconds',
      'requests.csv',
      '1748743200',
      '1748743200000',
      '<folder>/requests.csv:4 column timestamp: "1748743200000", expected Unix seconds before the year 2100; correct the time or remove the row',
    ],
    [
      'one row of latencies too few',
      'latency.csv',
      '31,32,3\n',
      '',
      '<folder>/latency.csv has 2 rows for 3 regions; expected one row an origin, in the order of the header',
    ],
    [
      'one row of latencies too many',
      'latency.csv',
      '31,32,3\n',
      '31,32,3\n31,32,3\n',
      '<folder>/latency.csv has 4 rows for 3 regions; expected one row an origin, in the order of the header',
    ],
    [
      'latencies with names of rows',
      'latency.csv',
      goodFiles['latency.csv'],
      ',north,south,west\nnorth,1,12,13.5\nsouth,21,2,23\nwest,31,32,3\n',
      '<folder>/latency.csv has 3 rows for 4 regions; expected one row an origin, in the order of the header',
    ],
    [
      'no common region',
      'latency.csv',
      'north,south,west',
      'a,b,c',
      'carbon_intensities.csv, requests.csv and latency.csv in <folder> share no region; latency.csv has: a, b, c',
    ],
    [
      'no common hour',
      'requests.csv',
      goodFiles['requests.csv'],
      'timestamp,north,south,west\n1748822400,1,2,3\n',
      'requests.csv and carbon_intensities.csv in <folder> have no hour in common; take files of the same time',
    ],
  ])('%s', (_, name, from, to, message) => {
    expect(refusalOfFiles(withChange(name, from, to))).toBe(message);
  });

  const whole = 'a whole number of requests/s, 0 or more; correct or round the value';
  test.each([
    ['', whole],
    ['many', whole],
    ['NaN', whole],
    ['null', whole],
    ['-1', whole],
    ['22.5', whole],
    ['0x16', whole],
    ['1e400', whole],
    ['99999999', whole],
  ])('requests of "%s"', (value, expected) => {
    expect(refusalOfFiles(withChange('requests.csv', ',22,', `,${value},`))).toBe(
      `<folder>/requests.csv:4 column south: "${value}", expected ${expected}`,
    );
  });

  test.each(['', 'near', '-12', '10001', 'NaN', 'Infinity'])('a latency of "%s"', (value) => {
    expect(refusalOfFiles(withChange('latency.csv', ',23', `,${value}`))).toBe(
      `<folder>/latency.csv:3 column west: "${value}", expected milliseconds from 0 to 10,000; correct the value`,
    );
  });

  test.each(['dirty', '1,5'])('a carbon intensity of "%s"', (value) => {
    expect(refusalOfFiles(withChange('carbon_intensities.csv', '220', `"${value}"`))).toBe(
      `<folder>/carbon_intensities.csv:4 column south: "${value}", expected gCO2e/kWh, or an empty cell for a missing value; correct the value or leave the cell empty`,
    );
  });
});

test.each(['carbon_intensities.csv', 'requests.csv', 'latency.csv'] as const)(
  'a %s that was cut in its last digits is refused',
  (name) => {
    expect(() =>
      readTrace(traceFolder({ ...goodFiles, [name]: goodFiles[name].trimEnd().slice(0, -1) })),
    ).toThrow(/does not end with the end of a line, as a file that was cut off/);
  },
);

test('latencies of 0 between two regions, and in seconds, are refused', () => {
  const latency = (text: string) => (): unknown =>
    readTrace(traceFolder({ ...goodFiles, 'latency.csv': text }));
  expect(latency('north,south,west\n1,0,13.5\n21,2,23\n31,32,3\n')).toThrow(
    /latency\.csv:2 column south: 0 ms from north; two regions are never that near/,
  );
  expect(latency('north,south,west\n0,0.012,0.0135\n0.021,0,0.23\n0.031,0.32,0\n')).toThrow(
    /the longest latency between two regions is 0\.32 ms; .*look like seconds: multiply them by 1000/,
  );
});

describe('what is missing is never a number', () => {
  const remedy =
    'Nothing is planned from a missing value; fill the hole in the file or choose another interval.';
  const holed = '2025-06-01T02:00:00Z';

  test.each([
    ['', 'is no value'],
    ['null', 'is no value'],
    ['NaN', 'is no value'],
    ['n/a', 'is no value'],
    ['-', 'is no value'],
    ['0', 'is not greater than 0'],
    ['0.0', 'is not greater than 0'],
    ['-120', 'is not greater than 0'],
    ['2000.1', 'is over 2000 gCO2e/kWh'],
    ['220000', 'is over 2000 gCO2e/kWh'],
    ['1e999', 'is over 2000 gCO2e/kWh'],
  ])('carbon of "%s": that hour has no plan, the others have', (value, why) => {
    const files = withChange('carbon_intensities.csv', '220', value);
    expect(refusalAt(files, holed)).toBe(
      `The trace in <folder> has a hole at ${holed}: the carbon intensity of south is missing: ` +
        `<folder>/carbon_intensities.csv:4 column south: "${value}" ${why}. ${remedy}`,
    );
    const next = readTrace(traceFolder(files)).at('2025-06-01T03:00:00Z');
    expect(next.carbonGramsPerKwh).toEqual([130, 230, 330]);
  });

  test('the extremes that are numbers', () => {
    const folder = traceFolder({
      ...goodFiles,
      'carbon_intensities.csv': 'timestamp,north,south,west\n1748736000,1,2000,1e2\n',
    });
    expect(readTrace(folder).at('2025-06-01T00:00:00Z').carbonGramsPerKwh).toEqual([1, 2000, 100]);
  });

  test('kilograms, which would take all traffic', () => {
    const change = withChange('carbon_intensities.csv', '1748743200,120', '1748743200,0.12');
    expect(refusalAt(change, holed)).toContain('"0.12" is under 1 gCO2e/kWh; kilograms?');
  });

  test.each(['carbon_intensities.csv', 'requests.csv'] as const)('no row of an hour in %s', (name) => {
    const row = new RegExp('^.*1748743200.*\n', 'm').exec(goodFiles[name])?.[0] ?? '';
    expect(refusalAt(withChange(name, row, ''), holed)).toBe(
      `The trace in <folder> has a hole at ${holed}: ${name} has no row for that hour. ${remedy}`,
    );
  });
});

describe('a time that is no interval of the trace', () => {
  test.each([
    ['2025-05-31T23:00:00Z', '2025-05-31T23:00:00Z'],
    ['2025-06-01T04:00:00Z', '2025-06-01T04:00:00Z'],
    ['2025-06-01T01:00:00+02:00', '2025-05-31T23:00:00Z'],
  ])('%s is outside', (time, asUtc) => {
    expect(refusalAt(goodFiles, time)).toBe(
      `${asUtc} is outside the trace in <folder>, which goes from 2025-06-01T00:00:00Z to 2025-06-01T03:00:00Z`,
    );
  });

  test('between two hours', () => {
    expect(refusalAt(goodFiles, '2025-06-01T01:30:00Z')).toBe(
      'No interval starts at 2025-06-01T01:30:00Z; the ones next to it start at 2025-06-01T01:00:00Z and 2025-06-01T02:00:00Z',
    );
  });

  test.each(['2025-06-01T01:00:00', '2025-06-01', '2025-06-31T00:00:00Z', '1748739600', 'noon', ''])(
    '"%s" is no time with a zone',
    (time) => {
      expect(refusalAt(goodFiles, time)).toBe(
        `"${time}" is no time in ISO 8601 with a zone; write it as in 2022-08-13T00:00:00Z`,
      );
    },
  );
});

test('rows and columns in any order give the same plan', async () => {
  const time = '2025-06-01T02:00:00Z';
  const options = {
    policy: 'carbon',
    alpha: 0.9,
    keepWarm: false,
    maxLatencyMs: 25,
    capacity: () => ({ ...referenceCapacity, maxServers: 5 }),
  };
  const planOf = async (files: TraceFiles): Promise<unknown> => {
    const { servers, cpuMillicores, requests, weights, objective, carbonSum, meanLatencyMs } =
      await planInterval(readTrace(traceFolder(files)), time, options);
    return { servers, cpuMillicores, requests, weights, objective, carbonSum, meanLatencyMs };
  };
  const expected = await planOf(goodFiles);

  const cellsOf = (name: FileName): string[][] =>
    goodFiles[name]
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
  const order = (length: number): fc.Arbitrary<number[]> =>
    fc.shuffledSubarray([...Array(length).keys()], { minLength: length });
  const shuffled = (name: FileName, columns: number[], rows: number[]): string => {
    const [header, ...body] = cellsOf(name);
    return [header, ...rows.map((row) => body[row])]
      .map((cells) => columns.map((column) => cells?.[column]).join(','))
      .concat('')
      .join('\n');
  };
  await fc.assert(
    fc.asyncProperty(
      order(5),
      order(4),
      order(5),
      order(4),
      order(3),
      async (carbonColumns, carbonRows, requestColumns, requestRows, regions) => {
        const files = {
          'carbon_intensities.csv': shuffled('carbon_intensities.csv', carbonColumns, carbonRows),
          'requests.csv': shuffled('requests.csv', requestColumns, requestRows),
          // Row i is the origin that column i names: the two orders are one.
          'latency.csv': shuffled('latency.csv', regions, regions),
        };
        expect(await planOf(files)).toEqual(expected);
        removeTraceFolders();
      },
    ),
    { seed: 5, numRuns: 200 },
  );
});
