import { CarbonReplay, credentials, type CarbonAnswer } from '../../../../bench/live/carbonReplay';
import { findingOf, isSeen, movesTowards } from '../../../../bench/live/faultFindings';
import { LiveMetrics } from '../../../../metrics/liveMetrics';
import { readSignals } from '../../../../signals/readSignals';
import { carbon, applied } from '../../metrics/tickRecords';
import { cleanUp, config, hourMs, surroundings } from '../../signals/carbonServer';

const open: CarbonReplay[] = [];
afterEach(async () => {
  await cleanUp();
  await Promise.all(open.splice(0).map((replay) => replay.close()));
});

/** What casper's own source for Electricity Maps makes of the replay's answers. */
async function replayed() {
  const clock = surroundings(credentials);
  let kind: CarbonAnswer = 'value';
  const grams: Record<string, number> = { paris: 50 };
  const replay = await CarbonReplay.listen(() => ({
    ...{ clockMs: clock.nowMs(), grams, answerTo: () => kind },
  }));
  open.push(replay);
  const source = { name: 'maps', kind: 'electricityMaps', baseUrl: replay.url, attempts: 1 };
  const signals = { ...config(source), lastKnownMinutes: 120 };
  const read = async (zone = 'paris') => {
    const [signal] = await readSignals([{ name: 'region', signal: { zone } }], signals, clock);
    if (!signal) throw new Error('one region has one signal');
    return signal;
  };
  const answer = (next: CarbonAnswer): void => {
    kind = next;
    clock.later(hourMs);
  };
  return { replay, read, answer, grams };
}

test('its answers are what Electricity Maps documents, an hour after the other', async () => {
  const { read, answer, grams } = await replayed();
  expect((await read()).signal).toMatchObject({
    from: 'source',
    value: { gramsPerKwh: 50, start: '2026-08-13T12:00:00Z', basis: 'measured' },
  });
  grams['paris'] = 60;
  answer('value');
  expect((await read()).signal).toMatchObject({ from: 'source', value: { gramsPerKwh: 60 } });
  expect((await read('atlantis')).faults.map(({ kind }) => kind)).toContain('not found');
});

test('its faults take the stated chain: last known within its age, then nothing', async () => {
  const { read, answer } = await replayed();
  await read();
  const found: unknown[] = [];
  for (const fault of ['null', 'zero', 'rateLimited', 'nothing', 'value'] as const) {
    answer(fault);
    const { signal, faults } = await read();
    found.push(['missing' in signal ? 'missing' : signal.from, faults[0]?.kind]);
  }
  expect(found).toEqual([
    ['lastKnown', 'null'],
    ['lastKnown', 'zero'],
    ['missing', 'rate limited'],
    ['missing', 'unreachable'],
    ['source', undefined],
  ]);
});

test('who has no token is told', async () => {
  const { replay } = await replayed();
  expect((await fetch(`${replay.url}/v4/carbon-intensity/latest?zone=paris`)).status).toBe(401);
});

const values = applied.values ?? { carbon: {}, demand: {}, faults: [] };
const standIn = {
  ...applied,
  guarded: ['clean'],
  values: { ...values, carbon: { ...values.carbon, clean: carbon(100, { from: 'lastKnown' }) } },
};

function metricsOf(tick: typeof applied): string {
  const metrics = new LiveMetrics('test');
  metrics.onTick(tick);
  return metrics.set.text();
}

test('a fault is seen where the records and the metrics have it', () => {
  const finding = findingOf('null', 'clean', [applied, standIn], metricsOf(standIn));
  expect(finding).toEqual({
    ...{ answer: 'null', from: 'lastKnown', outcome: 'applied' },
    ...{ metricFrom: 'lastKnown', metricOutcome: 'applied', faults: ['dirty: stale: maps'] },
  });
  expect(isSeen(finding)).toBe(true);
  expect(isSeen(findingOf('null', 'clean', [applied, standIn], metricsOf(applied)))).toBe(false);
  expect(isSeen(findingOf('null', 'clean', [applied], metricsOf(applied)))).toBe(false);
  expect(isSeen(findingOf('null', 'clean', [], ''))).toBe(false);
});

test('of a source that is well again it is seen that it is', () => {
  expect(isSeen(findingOf('value', 'clean', [applied], metricsOf(applied)))).toBe(true);
  expect(isSeen(findingOf('value', 'clean', [standIn], metricsOf(standIn)))).toBe(false);
});

test('moves towards a region count while it is guarded, each beside the plan before it', () => {
  const { plan } = applied;
  if (!plan) throw new Error('the tick has a plan');
  const more = { ...plan, weights: { ...plan.weights, dirty: { clean: 3, dirty: 1 } } };
  const moves = movesTowards(
    'clean',
    plan,
    [standIn, { ...standIn, plan: more }, { ...standIn, plan: more }],
    10,
  );
  expect(moves).toEqual([`${standIn.at}: clean gets 100.0 requests/s, by the weights before 60.0`]);
  expect(movesTowards('clean', plan, [{ ...applied, plan: more }], 10)).toEqual([]);
});
