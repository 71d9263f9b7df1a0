import { worthCommand } from '../../../cli/commands/worth';
import { hourlyTrace } from '../study/hourlyTrace';
import { removeTraceFolders } from '../traces/traceFolder';

let printed: string[];
beforeEach(() => {
  process.exitCode = undefined;
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((text: unknown) => void printed.push(String(text)));
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  process.exitCode = undefined;
  jest.restoreAllMocks();
  removeTraceFolders();
});
const run = async (...args: string[]): Promise<string> => {
  await worthCommand.exitOverride().parseAsync(args, { from: 'user' });
  return printed.join('\n');
};

test('one paragraph and one table, and how carbon is counted', async () => {
  const text = await run('--traces', hourlyTrace(4 * 7 * 24), '--forecast', 'naive-week');
  const [paragraph = '', blank] = text.split('\n');
  expect(process.exitCode).toBeUndefined();
  expect(paragraph).toMatch(/^Moving the load is worth it/);
  expect(paragraph).toMatch(/a single placement learnt from the two weeks before saves \d+\.\d %/);
  expect(paragraph).toMatch(/The mean hour fills 0\.\d\d regions, under a bound of 500 ms/);
  expect(blank).toBe('');
  expect(text).toMatch(/gCO2e by average intensity, .*PUE 1, nothing embodied/);
  expect(text).toMatch(/static-learnt +100 +500/);
});

test('a trace that is too short: what is known, no verdict, and the flags that help', async () => {
  const text = await run('--traces', hourlyTrace(24), '--max-latency', '0.5', '--forecast', 'naive-week');
  expect(process.exitCode).toBe(3);
  expect(text).toMatch(/^Whether moving the load is worth it cannot be said/);
  expect(text).toMatch(/raise --max-latency/);
  expect(text).toMatch(/begin later \(--from\), or bring a longer trace/);
  expect(text).not.toMatch(/boundsMs|leastViolation/);
});

test('JSON, and a forecast that there is not', async () => {
  const worth = JSON.parse(
    await run('--traces', hourlyTrace(24), '--forecast', 'naive-day', '--json'),
  ) as object;
  expect(worth).toMatchObject({ verdict: 'unknown', setting: { servers: 100 } });
  await expect(run('--forecast', 'tarot')).rejects.toThrow(/Allowed choices are naive-day/);
  await expect(run('--traces', '/nowhere')).rejects.toThrow(/\/nowhere is no folder; .* with --traces/);
});
