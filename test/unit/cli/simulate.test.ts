import { backtestCommand } from '../../../cli/commands/backtest';
import { explainCommand } from '../../../cli/commands/explain';
import { simulateCommand } from '../../../cli/commands/simulate';
import { sweepCommand } from '../../../cli/commands/sweep';
import { goodFiles, removeTraceFolders, traceFolder } from '../traces/traceFolder';

const folder = (): string => traceFolder(goodFiles);
let printed: string[];

beforeEach(() => {
  printed = [];
  const keep = (text: unknown): void => void printed.push(String(text));
  jest.spyOn(console, 'log').mockImplementation(keep);
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  jest.restoreAllMocks();
  removeTraceFolders();
  process.exitCode = 0;
});

const run = async (command: typeof simulateCommand, ...args: string[]): Promise<string> => {
  await command.exitOverride().parseAsync(args, { from: 'user' });
  return printed.join('\n');
};

test('JSON: one result a policy and bound, savings against each baseline', async () => {
  const text = await run(simulateCommand, '--traces', folder(), '--json', '--max-latency', '20,none');
  const { results } = JSON.parse(text) as { results: { policy: string; savedAgainst: object }[] };
  expect(results).toHaveLength(10);
  expect(Object.keys(results[0]?.savedAgainst ?? {})).toEqual(['latency', 'replay', 'static']);
});

test('what is held ready for the loss of a region: none and by limit cost the same carbon, N-1 more servers', async () => {
  const args = ['--traces', folder(), '--policies', 'carbon', '--max-latency', 'none'];
  const levels = ['--held-ready', 'none,limit,servers'];
  const { results } = JSON.parse(await run(simulateCommand, ...args, ...levels, '--json')) as {
    results: {
      heldReady: string;
      standbyServers: number;
      outcome: { carbonSum: number; servers: number };
    }[];
  };
  expect(results.map(({ heldReady }) => heldReady)).toEqual(['none', 'limit', 'servers']);
  const [none, limit, servers] = results;
  expect(limit?.outcome).toEqual(none?.outcome);
  expect([none?.standbyServers, servers?.standbyServers]).toEqual([0, 0]);
  expect(limit?.standbyServers).toBeGreaterThan(0);
  expect(servers?.outcome.servers).toBeGreaterThan(limit?.outcome.servers ?? Infinity);
  printed = [];
  expect(await run(simulateCommand, ...args, ...levels)).toMatch(
    /policy +bound ms +held ready .*servers +standby/,
  );
  await expect(run(simulateCommand, ...args, '--held-ready', 'limit,some')).rejects.toThrow(
    /Expected some of none, limit, servers/,
  );
});

test('alpha outside 0 to 1 is refused', async () => {
  await expect(run(simulateCommand, '--traces', folder(), '--alpha', '1.5')).rejects.toThrow(
    /--alpha.*Expected a number from 0 to 1/s,
  );
});

test('a quantile outside 0 to 1, an unknown forecast and weights that are none are refused', async () => {
  await expect(run(simulateCommand, '--demand-quantile', '98')).rejects.toThrow(/a number from 0 to 1/);
  await expect(run(simulateCommand, '--forecast', 'tarot')).rejects.toThrow(/Unknown forecast tarot/);
  await expect(run(simulateCommand, '--objective-weights', 'carbon=0')).rejects.toThrow(
    /at least one weight above 0/,
  );
  await expect(run(simulateCommand, '--objective-weights', 'carbon=-1')).rejects.toThrow(
    /a number of at least 0/,
  );
  await expect(run(sweepCommand, '--trade', 'carbon,carbon')).rejects.toThrow(/Expected two of/);
});

test('explain names what moved', async () => {
  const text = await run(explainCommand, '--traces', folder(), '--at', '2025-06-01T02:00:00Z');
  expect(text).toMatch(/moved:/);
  expect(text).toMatch(/south\s+north\s+22/);
});

test('a back-test on a trace that is too short says what it needs', async () => {
  await expect(run(backtestCommand, '--traces', folder(), '--from', '2025-06-01T02:00:00Z')).rejects.toThrow(
    /has 2 hours of history, the forecast needs 24/,
  );
});
