import { readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { checkPoints, type Checked } from '../../../signals/checkPoints';
import type { FaultKind } from '../../../signals/fault';
import { readSignals } from '../../../signals/readSignals';
import type { RawPoint } from '../../../signals/source';
import type { SignalValue } from '../../../signals/signalValue';
import { closedPort } from '../loopbackServer';
import {
  canary,
  carbonServer,
  cleanUp,
  hour,
  hourMs,
  json,
  latestOf,
  maps,
  minuteMs,
  nowMs,
  surroundings,
  text,
} from './carbonServer';
import { dueBody, shapes, sourceOf, type Shape } from './shapes';

afterEach(cleanUp);

const regions = [{ name: 'here', signal: { zone: 'FR' } }];

type BadAnswer = readonly [
  name: string,
  kind: FaultKind,
  message: string | RegExp,
  answer: (response: ServerResponse, shape: Shape) => void,
  /** Whether a source can answer so at all; every one when absent. */
  from?: (shape: Shape) => boolean,
];

/** What any server, or what is on the way to it, may answer. */
const badTransports: readonly BadAnswer[] = [
  [
    'another document',
    'other shape',
    'not the documented answer',
    (r) => {
      json(r, { hello: 'world' });
    },
  ],
  [
    'an array of something else',
    'other shape',
    'not the documented answer',
    (r) => {
      json(r, [1]);
    },
  ],
  [
    'a page',
    'HTML',
    'a page and no data, with status 200',
    (r) => {
      text(r, '<!doctype html><p>Hi', 200, 'text/html');
    },
  ],
  [
    'a page that calls itself JSON',
    'HTML',
    'a page',
    (r) => {
      text(r, '\n<html></html>');
    },
  ],
  [
    'nothing',
    'torn',
    'in the 0 characters',
    (r) => {
      text(r, '');
    },
  ],
  [
    'half of it',
    'torn',
    'not a whole JSON document',
    (r, shape) => {
      const whole = JSON.stringify(dueBody(shape, 42));
      text(r, whole.slice(0, whole.length / 2));
    },
  ],
  [
    'a body that breaks off',
    'torn',
    'the answer breaks off',
    (r) => {
      r.writeHead(200, { 'content-length': '500' });
      r.write('{"zone"');
      setTimeout(() => r.destroy(), 20);
    },
  ],
  [
    '204',
    'no content',
    'status 204',
    (r) => {
      text(r, '', 204);
    },
  ],
  [
    '401 by plan',
    'not in the plan',
    /status 401, ".+"; the account's plan/,
    (r, { planRefusal }) => {
      json(r, planRefusal, 401);
    },
    ({ planRefusal }) => planRefusal !== null,
  ],
  [
    '401 that echoes the credential',
    'unauthorised',
    'status 401, "no such credential ***"; check the credential',
    (r, { secret }) => {
      json(r, { error: `no such credential ${secret ?? ''}` }, 401);
    },
    ({ secret }) => secret !== null,
  ],
  [
    '404',
    'not found',
    'status 404, "No recent data for zone \\"FR\\""',
    (r) => {
      json(r, { error: 'No recent data for zone \\"FR\\"' }, 404);
    },
  ],
  [
    '410',
    'gone',
    'the service has ended',
    (r) => {
      text(r, 'bye', 410);
    },
  ],
  [
    '429',
    'rate limited',
    'status 429',
    (r) => {
      text(r, '', 429);
    },
  ],
  [
    '500',
    'server error',
    'status 500',
    (r) => {
      text(r, '<h1>oops</h1>', 500);
    },
  ],
  [
    'a way elsewhere, which the token does not follow',
    'redirected',
    'status 302',
    (r) => {
      r.writeHead(302, { location: 'http://127.0.0.1:1/' });
      r.end();
    },
  ],
  ['nothing for too long', 'slow', 'no whole answer within 1 s', () => undefined],
  [
    'a byte now and then',
    'slow',
    'no whole answer within 1 s',
    (r) => {
      r.writeHead(200);
      const drip = setInterval(() => r.write(' '), 100);
      r.on('close', () => {
        clearInterval(drip);
      });
    },
  ],
  [
    'more than anybody reads',
    'too long',
    'over 4 MiB',
    (r) => {
      text(r, ' '.repeat(5 * 1024 * 1024));
    },
  ],
];

/** A source's own answer with something in the place of its value. */
const badValue = (name: string, kind: FaultKind, message: string | RegExp, value: unknown): BadAnswer => [
  name,
  kind,
  message,
  (response, shape) => {
    json(response, dueBody(shape, value));
  },
];

const badValues: readonly BadAnswer[] = [
  badValue('null', 'null', 'no value', null),
  badValue('no field', 'other shape', /: expected|: Invalid input/, undefined),
  badValue('0', 'zero', '0, which stands for no value', 0),
  badValue('a negative value', 'negative', '-1, expected more than 0', -1),
  badValue('text', 'not a number', '"N/A"', 'N/A'),
  badValue('kilograms for grams', 'implausible', 'gCO2e/kWh, expected 1 to 2000', 0.42),
  badValue('milligrams for grams', 'implausible', 'another unit?', 42_000),
  [
    'NaN, which is no JSON',
    'not a number',
    'NaN or Infinity',
    (r, shape) => {
      text(r, JSON.stringify(dueBody(shape, 7.125)).replaceAll('7.125', ' NaN'));
    },
  ],
  [
    'another zone',
    'other zone',
    'about the zone ELSEWHERE, asked for',
    (r, { body, dueHours }) => {
      json(r, body(400, hour(dueHours), 'ELSEWHERE'));
    },
    ({ namesZone }) => namesZone,
  ],
  [
    'an hour to come',
    'from the future',
    'is a clock wrong?',
    (r, { body, zone }) => {
      json(r, body(420, hour(1), zone));
    },
  ],
  [
    'a time without a zone',
    'other shape',
    /no time in ISO 8601|expected a time as in/,
    (r, { body, zone }) => {
      json(r, body(420, '2026-08-13 12:00', zone));
    },
    // Its times are seconds since 1970.
    ({ kind }) => kind !== 'energyCharts',
  ],
];

const cases = shapes.flatMap((shape) =>
  [...badTransports, ...badValues]
    .filter(([, , , , from]) => from?.(shape) ?? true)
    .map(([name, ...rest]): [string, string, Shape, ...typeof rest] => [shape.kind, name, shape, ...rest]),
);

test.each(cases)('%s: %s is missing, with its reason', async (kind, _, shape, fault, message, answer) => {
  const server = await carbonServer((url, _request, response) => {
    if (url.pathname === '/login') json(response, { token: 'a-login' });
    else answer(response, shape);
  });
  const place = surroundings();
  const here = [{ name: 'here', signal: { zone: shape.zone } }];
  const [read] = await readSignals(here, sourceOf(shape, server.url), place);
  expect(read?.signal).toHaveProperty('missing');
  expect(read?.faults.map((one) => one.kind)).toContain(fault);
  const words = read?.faults.find((one) => one.kind === fault)?.message ?? '';
  expect(words).toMatch(message);
  expect(words).toMatch(new RegExp(`^${kind}[,:] `));
  const kept = readdirSync(place.folder).map((file) => readFileSync(path.join(place.folder, file), 'utf8'));
  expect(JSON.stringify([read, kept])).not.toContain(shape.secret ?? canary);
});

test.each(shapes.map((shape) => [shape.kind, shape] as const))(
  '%s: what is not bad is a value',
  async (_, shape) => {
    const server = await carbonServer((url, _request, response) => {
      if (url.pathname === '/login') json(response, { token: 'a-login' });
      else json(response, shape.body(420, hour(shape.newestHours), shape.zone));
    });
    const here = [{ name: 'here', signal: { zone: shape.zone } }];
    const [read] = await readSignals(here, sourceOf(shape, server.url), surroundings());
    expect(read).toMatchObject({ signal: { from: 'source' }, faults: [] });
  },
);

test('nobody listens', async () => {
  const [read] = await readSignals(regions, maps(await closedPort()), surroundings());
  expect(read?.faults[0]).toMatchObject({ kind: 'unreachable' });
  expect(read?.faults[0]?.message).toContain('no connection: ECONNREFUSED');
});

test('a clock that is an hour wrong is said', async () => {
  const server = await carbonServer(
    (_url, _request, response) => {
      json(response, latestOf('FR', 42));
    },
    () => nowMs + hourMs,
  );
  const [read] = await readSignals(regions, maps(server.url), surroundings());
  expect(read?.signal).toHaveProperty('missing');
  expect(read?.faults[0]).toMatchObject({ kind: 'wrong clock' });
  expect(read?.faults[0]?.message).toContain('its clock says 2026-08-13T13:20:00');
});

describe('what may be gone a moment later', () => {
  test('is asked for again, after pauses that grow', async () => {
    const server = await carbonServer((_url, _request, response) => {
      if (server.asked.length < 4) text(response, '', 503);
      else json(response, latestOf('FR', 42));
    });
    const place = surroundings();
    const [read] = await readSignals(regions, maps(server.url, { attempts: 4 }), place);
    expect(read?.signal).toMatchObject({ from: 'source', value: { gramsPerKwh: 42 } });
    expect(place.pauses).toEqual([375, 750, 1500]);
  });

  test('is given up after so many attempts', async () => {
    const server = await carbonServer((_url, _request, response) => {
      text(response, '', 500);
    });
    await readSignals(regions, maps(server.url, { attempts: 2 }), surroundings());
    // The value and the forecast, twice each.
    expect(server.asked).toHaveLength(4);
  });

  test('a refusal is not asked for again', async () => {
    const server = await carbonServer((_url, _request, response) => {
      text(response, '', 404);
    });
    const place = surroundings();
    await readSignals(regions, maps(server.url, { attempts: 5 }), place);
    expect([server.asked.length, place.pauses]).toEqual([2, []]);
  });

  test('Retry-After is waited for where it is short', async () => {
    const server = await carbonServer((_url, _request, response) => {
      if (server.asked.length > 1) {
        json(response, latestOf('FR', 42));
      } else {
        response.writeHead(429, { 'retry-after': '3' });
        response.end();
      }
    });
    const place = surroundings();
    const [read] = await readSignals(regions, maps(server.url, { attempts: 2 }), place);
    expect(read?.signal).toMatchObject({ from: 'source' });
    expect(place.pauses).toEqual([3000]);
  });

  test.each([['600'], [new Date(nowMs + 10 * minuteMs).toUTCString()]])(
    'and is kept to from call to call where it is long: %s',
    async (retryAfter) => {
      const server = await carbonServer((url, _request, response) => {
        response.writeHead(url.pathname.endsWith('latest') ? 429 : 404, { 'retry-after': retryAfter });
        response.end();
      });
      const place = surroundings();
      const source = maps(server.url, { attempts: 5 });
      const latest = (): number => server.asked.filter((asked) => asked.includes('latest')).length;
      const [read] = await readSignals(regions, source, place);
      expect(read?.faults[0]?.message).toContain('not to be asked before 2026-08-13T12:30:00.000Z');
      await readSignals(regions, source, place);
      place.later(9 * minuteMs);
      await readSignals(regions, source, place);
      expect(latest()).toBe(1);
      place.later(minuteMs);
      server.answer = (_url, _request, response) => {
        json(response, latestOf('FR', 42));
      };
      const [again] = await readSignals(regions, source, place);
      expect([again?.signal, latest()]).toMatchObject([{ from: 'source' }, 2]);
    },
  );
});

describe('values beside each other', () => {
  const source = {
    name: 'maps',
    method: { signal: 'average', factors: 'lifeCycle', flowTraced: true },
    gramsPerUnit: 1,
  } as const;
  const point = (from: number, value: unknown, tense: RawPoint['tense'] = 'actual'): RawPoint => ({
    zone: 'FR',
    start: hour(from),
    seconds: 3600,
    value,
    basis: 'measured',
    tense,
  });
  const check = (points: readonly RawPoint[], known: readonly SignalValue[] = []): Checked =>
    checkPoints(points, { source, zone: 'FR', nowMs, known });
  const gramsOf = ({ actual }: Checked): number[] => actual.map(({ gramsPerKwh }) => gramsPerKwh);
  const kindsOf = ({ faults }: Checked): FaultKind[] => faults.map(({ kind }) => kind);

  test('out of order are put in order, and that is said', () => {
    const checked = check([point(-1, 51), point(-2, 52), point(0, 50)]);
    expect([gramsOf(checked), kindsOf(checked)]).toEqual([[52, 51, 50], ['out of order']]);
  });

  test('of a period that stands there twice with one value one is taken, with two values none', () => {
    const twice = check([point(-1, 51), point(0, 50), point(0, 50)]);
    expect([gramsOf(twice), kindsOf(twice)]).toEqual([[51, 50], ['duplicated']]);
    const torn = check([point(-1, 51), point(0, 50), point(0, 70)]);
    expect([gramsOf(torn), kindsOf(torn)]).toEqual([[51], ['duplicated']]);
    expect(torn.faults[0]?.message).toContain('50, 70 gCO2e/kWh for one period; none of them is taken');
  });

  test('a jump of three orders is no value, seen against the answer and against what is known', () => {
    const within = check([point(-2, 800), point(-1, 810), point(0, 1.2)]);
    expect([gramsOf(within), kindsOf(within)]).toEqual([[800, 810], ['jump']]);
    const { actual: known } = check([point(-3, 790), point(-2, 800), point(-1, 810)]);
    const against = check([point(0, 1.2)], known);
    expect([gramsOf(against), kindsOf(against)]).toEqual([[], ['jump']]);
    expect(against.faults[0]?.message).toContain('1.2 gCO2e/kWh, where about 800 is usual');
    expect(gramsOf(check([point(0, 90)], known))).toEqual([90]);
  });

  test('what does not move for half a day is stuck; what was known before stays', () => {
    const still = (count: number) =>
      Array.from({ length: count }, (_, index) => point(index - count + 1, 60));
    expect(kindsOf(check(still(11)))).toEqual([]);
    const stuck = check([point(-12, 61), ...still(12)]);
    expect([gramsOf(stuck), kindsOf(stuck)]).toEqual([[61], ['stuck']]);
    const { actual: known } = check(still(11).map((one, index) => ({ ...one, start: hour(index - 11) })));
    expect(kindsOf(check([point(0, 60)], known))).toEqual(['stuck']);
    expect(kindsOf(check([point(0, 61)], known))).toEqual([]);
  });

  test('a fault that many values have is said once, with how many', () => {
    const checked = check([point(-2, null), point(-1, null), point(0, null)]);
    expect(checked.faults).toEqual([
      { kind: 'null', message: 'maps, zone FR, 2026-08-13T12:00:00.000Z: no value (and 2 more like it)' },
    ]);
  });

  test('no values at all, and one of another zone among good ones', () => {
    expect(() => check([])).toThrow('an answer without values for the zone FR');
    expect(() => check([point(0, 50), { ...point(0, 50), zone: 'DE' }])).toThrow('about the zone DE');
  });
});
