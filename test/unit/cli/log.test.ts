import { jsonLog, textLog } from '../../../cli/log';
import { listenAddress } from '../../../cli/metricsOptions';
import { applied, failed, held } from '../metrics/tickRecords';

/** What a piece of work writes on standard error, a line each. */
async function written(work: () => unknown): Promise<string[]> {
  const lines: string[] = [];
  const spy = jest
    .spyOn(console, 'error')
    .mockImplementation((line: unknown) => void lines.push(String(line)));
  try {
    await work();
    return lines;
  } finally {
    spy.mockRestore();
  }
}

const events = async (work: () => unknown): Promise<Record<string, unknown>[]> =>
  (await written(work)).map((line) => JSON.parse(line) as Record<string, unknown>);

test('ticks have a level by what became of them, and what they were made of', async () => {
  const guarded = { ...applied, guarded: ['dirty'] };
  const told = await events(() => {
    for (const tick of [applied, guarded, held, failed]) jsonLog.tick(tick);
  });
  expect(told.map(({ level, event, outcome }) => [level, event, outcome])).toEqual([
    ['info', 'tick', 'applied'],
    ['warn', 'tick', 'applied'],
    ['warn', 'tick', 'held'],
    ['error', 'tick', 'failed'],
  ]);
  expect(told[0]).toMatchObject({ faults: ['dirty: stale: maps'], applied: { changes: 3, seconds: 12 } });
  expect(told[2]).toMatchObject({ heldBy: 'data', reasons: ['carbon intensity of dirty: no value'] });
});

test('steps are told when they end, with their time, and the error of one that failed', async () => {
  const told = await events(async () => {
    expect(await jsonLog.step('pulumi up', () => Promise.resolve(7))).toBe(7);
    const failing = jsonLog.step('pulumi up', () => Promise.reject(new Error('no\nway')));
    await expect(failing).rejects.toThrow('no\nway');
  });
  expect(told).toEqual([
    expect.objectContaining({
      level: 'info',
      event: 'step',
      step: 'pulumi up',
      seconds: expect.any(Number) as number,
    }),
    expect.objectContaining({ level: 'error', event: 'step', step: 'pulumi up', message: 'no\nway' }),
  ]);
});

test('people have notes and failures in words, and ticks elsewhere', async () => {
  const lines = await written(() => {
    textLog.note('so it is');
    textLog.fault('see to it');
    textLog.tick(applied);
    textLog.ended({ applied: 1 });
    textLog.failed(Object.assign(new Error('it failed'), { name: 'ClusterError' }));
  });
  expect(lines).toEqual(['note: so it is', 'casper: see to it', 'casper: it failed']);
});

test('an address to listen at: a host is named, or it is the loopback’s', () => {
  expect(listenAddress('9464')).toEqual({ host: '127.0.0.1', port: 9464 });
  expect(listenAddress('0.0.0.0:9464')).toEqual({ host: '0.0.0.0', port: 9464 });
  expect(listenAddress('[::1]:9464')).toEqual({ host: '::1', port: 9464 });
  for (const wrong of ['', 'host', 'host:', ':9464', '::1:9464', '1.2.3.4:70000', 'http://a:1']) {
    expect(() => listenAddress(wrong)).toThrow('Expected HOST:PORT or a port');
  }
});
