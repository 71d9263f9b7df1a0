import { parseStudy } from '../../../study/studyFile';
import { studyWords } from '../../../study/studyRemedies';
import { worthOf, type Service } from '../../../study/worth';
import { readTrace } from '../../../traces/readTrace';
import { removeTraceFolders } from '../traces/traceFolder';
import { hourlyTrace } from './hourlyTrace';

afterAll(removeTraceFolders);

const service: Service = {
  ...{ maxLatencyMs: 500, servers: 100, requestsPerServer: 10, alpha: 0.9, solver: 'glpk' },
  forecast: 'naive-week',
};
const worth = (hours: number, more: Partial<Service> = {}, isHole?: (hour: number) => boolean) =>
  worthOf(readTrace(hourlyTrace(hours, isHole)), { ...service, ...more }, studyWords);
const weeks = (count: number): number => count * 7 * 24;

test('a trace whose weeks repeat: from three weeks on, and forecasts get all that planning every hour can have', async () => {
  const { rows, setting, verdict } = await worth(weeks(4));
  expect(rows.map(({ policy, forecast }) => `${policy} ${forecast ?? ''}`)).toEqual([
    ...['latency ', 'replay ', 'static ', 'static-learnt ', 'carbon ', 'carbon naive-week'],
  ]);
  expect(rows[0]?.measured?.from).toBe('2025-06-23T00:00:00Z');
  const [perfect, forecast] = rows.slice(-2).map(({ measured }) => measured?.outcome.carbonGrams);
  expect((forecast ?? NaN) / (perfect ?? NaN)).toBeCloseTo(1, 3);
  // North is cleanest in all but three hours of a day: planning anew adds little.
  expect(setting?.overLearnt).toBeGreaterThan(0.005);
  expect(verdict).toBe('once');
});

test('where every origin reaches itself alone, nothing is worth installing', async () => {
  const { verdict, setting } = await worth(weeks(4), { maxLatencyMs: 5 });
  expect(verdict).toBe('nothing');
  expect(setting?.boundMs).toBe(5);
  expect(setting?.overLearnt).toBeCloseTo(0, 9);
});

test('one hour of data: what is known, and no verdict', async () => {
  const { rows, verdict } = await worth(1);
  expect(verdict).toBe('unknown');
  expect(
    rows.find(({ policy, forecast }) => policy === 'carbon' && forecast === null)?.measured,
  ).not.toBeNull();
  expect(rows.at(-1)?.why).toMatch(/0 hours of history, the forecast needs 168/);
});

test('a bound that nobody reaches: no verdict, and which origin is short of how much', async () => {
  const { rows, verdict } = await worth(weeks(4), { maxLatencyMs: 0.5 });
  expect(verdict).toBe('unknown');
  expect(rows.find(({ policy }) => policy === 'static')?.why).toMatch(
    /north reaches no region within 0\.5 ms/,
  );
});

test('holes in a third of the hours: a verdict, of the others', async () => {
  const { rows, verdict } = await worth(weeks(4), {}, (hour) => hour % 3 === 1);
  expect(rows[0]?.measured).toMatchObject({
    missingHours: weeks(1) / 3,
    outcome: { intervals: (weeks(1) * 2) / 3 },
  });
  expect(verdict).not.toBe('unknown');
});

test('no study file can be spelt that this experiment is not', () => {
  expect(() =>
    parseStudy({ title: 't', data: '.', experiments: [{ kind: 'trace', name: 'a', show: 'maps' }] }, 'f'),
  ).toThrow(/show: expected results or map/);
});
