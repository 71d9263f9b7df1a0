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

afterEach(cleanUp);

const regions = [{ name: 'here', signal: { zone: 'FR' } }];

type Case = [string, FaultKind, string, (response: ServerResponse) => void];

const badAnswers: Case[] = [
  [
    'null',
    'null',
    'no value',
    (r) => {
      json(r, latestOf('FR', null));
    },
  ],
  [
    'no field',
    'other shape',
    'carbonIntensity',
    (r) => {
      json(r, { ...latestOf('FR', 1), carbonIntensity: undefined });
    },
  ],
  [
    '0',
    'zero',
    '0, which stands for no value',
    (r) => {
      json(r, latestOf('FR', 0));
    },
  ],
  [
    'a negative value',
    'negative',
    '-1, expected more than 0',
    (r) => {
      json(r, latestOf('FR', -1));
    },
  ],
  [
    'text',
    'not a number',
    '"N/A"',
    (r) => {
      json(r, latestOf('FR', 'N/A'));
    },
  ],
  [
    'NaN, which is no JSON',
    'not a number',
    'NaN or Infinity',
    (r) => {
      text(r, JSON.stringify(latestOf('FR', 7)).replace(':7', ': NaN'));
    },
  ],
  [
    'kilograms for grams',
    'implausible',
    '0.42 gCO2e/kWh, expected 1 to 2000',
    (r) => {
      json(r, latestOf('FR', 0.42));
    },
  ],
  [
    'milligrams for grams',
    'implausible',
    'another unit?',
    (r) => {
      json(r, latestOf('FR', 42_000));
    },
  ],
  [
    'another zone',
    'other zone',
    'about the zone DE, asked for FR',
    (r) => {
      json(r, latestOf('DE', 400));
    },
  ],
  [
    'an hour to come',
    'from the future',
    'is a clock wrong?',
    (r) => {
      json(r, latestOf('FR', 42, hour(1)));
    },
  ],
  [
    'a time without a zone',
    'other shape',
    'no time in ISO 8601',
    (r) => {
      json(r, latestOf('FR', 42, '2026-08-13 12:00'));
    },
  ],
  [
    'another document',
    'other shape',
    'not the documented answer: zone',
    (r) => {
      json(r, { hello: 'world' });
    },
  ],
  [
    'an array',
    'other shape',
    'not the documented answer',
    (r) => {
      json(r, []);
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
    (r) => {
      text(r, '{"zone":"FR","carbonInt');
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
    'status 401, "Request unauthorized for zoneKey=FR,requestType=latest"; the account\'s plan',
    (r) => {
      json(r, { error: 'Request unauthorized for zoneKey=FR,requestType=latest', message: 'x' }, 401);
    },
  ],
  [
    '401 that echoes the token',
    'unauthorised',
    'status 401, "no such token ***"; check the credential',
    (r) => {
      json(r, { error: `no such token ${canary}` }, 401);
    },
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

test.each(badAnswers)('%s is missing, with its reason', async (_, kind, message, answer) => {
  const server = await carbonServer((_url, _request, response) => {
    answer(response);
  });
  const place = surroundings();
  const [read] = await readSignals(regions, maps(server.url), place);
  expect(read?.signal).toHaveProperty('missing');
  expect(read?.faults.map((fault) => fault.kind)).toContain(kind);
  const words = read?.faults.find((fault) => fault.kind === kind)?.message ?? '';
  expect(words).toContain(message);
  expect(words).toMatch(/^maps[,:] /);
  expect(JSON.stringify(read)).not.toContain(canary);
  for (const file of readdirSync(place.folder)) {
    expect(readFileSync(path.join(place.folder, file), 'utf8')).not.toContain(canary);
  }
});

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
