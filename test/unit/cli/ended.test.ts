import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument, stringify } from 'yaml';
import { intervalAt } from '../../../live/liveInterval';
import type { TickRecord } from '../../../live/tickRecord';
import { startServer, stopServers } from '../loopbackServer';

const project = path.resolve(__dirname, '../../..');
const daySeconds = 86_400;

/** Stands for Pulumi: an update or a preview of it goes on until it is told to end, which takes it a second. */
const pulumi = `#!/bin/sh
case $1 in
  version) echo v3.259.0 ;;
  up | preview)
    said() { echo "$1" >> "$JOURNAL"; }
    trap 'said SIGINT' INT
    trap 'said SIGTERM' TERM
    said "$1"
    for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
      sleep 1 &
      wait $! || { sleep 1; said ended; exit 255; }
    done ;;
  stack) [ "$2" != export ] || echo "$STATE" ;;
esac
`;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-ended-'));
  file = path.join(folder, 'Pulumi.test.yaml');
  writeFileSync(path.join(folder, 'pulumi'), pulumi, { mode: 0o755 });
  // An API server that says who it is, and nothing more to this account.
  const { url } = await startServer((response, { url: asked = '' }) => {
    response.statusCode = asked.startsWith('/version') ? 200 : 403;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ gitVersion: 'v1.34.0' }));
  });
  const kubeconfig = path.join(folder, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    stringify({
      clusters: [{ name: 'fake', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'nobody', user: {} }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'nobody' } }],
    }),
  );
  const document = parseDocument(readFileSync(path.join(project, 'Pulumi.dev.yaml'), 'utf8'));
  const set = (key: string, value: unknown): void => {
    document.setIn(['config', key], document.createNode(value));
  };
  set('casper:cluster', { context: 'fake', kubeconfig });
  set('casper:hosts', []);
  set('casper:live', { intervalSeconds: daySeconds });
  // The interval has its plan, which is applied.
  document.setIn(['config', 'casper:plan', 'interval'], intervalAt(Date.now(), daySeconds).start);
  writeFileSync(file, document.toString());
});
afterEach(async () => {
  await stopServers();
  rmSync(folder, { recursive: true });
});

const journal = (): string[] => {
  try {
    return readFileSync(path.join(folder, 'journal'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
};

/** A command whose group gets a signal while Pulumi works, as a terminal and `timeout` send it. */
async function endedBy(
  signal: NodeJS.Signals,
  args: readonly string[],
  state = '',
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(
    process.execPath,
    [path.join(project, 'dist/cli/main.js'), ...args, '--config-file', file],
    {
      detached: true,
      env: {
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
        CASPER_CACHE: folder,
        JOURNAL: path.join(folder, 'journal'),
        STATE: state,
      },
    },
  );
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (journal().length === 0) {
    if (child.exitCode !== null) throw new Error(`it has ended before it was told to: ${stderr}`);
    await sleep(20);
  }
  process.kill(-(child.pid ?? 0), signal);
  return { code: await ended, stderr };
}

test('a tick that is ended has Pulumi end in order first, by one signal, and leaves its record', async () => {
  const runs = path.join(folder, 'runs');
  const { code, stderr } = await endedBy('SIGTERM', ['tick', '--runs', runs, '--log', 'json']);
  expect(journal()).toEqual(['up', 'SIGINT', 'ended']);
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events).toContainEqual(expect.objectContaining({ level: 'warn', event: 'note' }));
  expect(events.at(-1)).toMatchObject({ event: 'failed', message: 'ended by SIGTERM' });
  expect(code).toBe(143);
  const [day = ''] = readdirSync(runs);
  const record = JSON.parse(readFileSync(path.join(runs, day, 'ticks.jsonl'), 'utf8')) as TickRecord;
  expect(record).toMatchObject({ outcome: 'failed', reasons: ['ended by SIGTERM'] });
});

test('a preview that is ended ends in order, and takes its copy of the stack file away', async () => {
  const { code, stderr } = await endedBy('SIGINT', ['preview']);
  expect(journal()).toEqual(['preview', 'SIGINT', 'ended']);
  expect(stderr).toContain('casper: ended by SIGINT');
  expect(code).toBe(130);
});

test('a platform that is handed over is handed over no further', async () => {
  const parent = 'urn:pulumi:dev::casper::casper:index:MetalLb::metallb';
  const state = JSON.stringify({ version: 3, deployment: { resources: [{ parent }] } });
  const { code, stderr } = await endedBy('SIGINT', ['platform'], state);
  expect(journal()).toEqual(['up', 'SIGINT', 'ended']);
  expect(stderr).toContain('casper: ended by SIGINT');
  expect(code).toBe(130);
  const { config } = parseDocument(readFileSync(file, 'utf8')).toJS() as { config: Record<string, unknown> };
  expect(config['casper:scope']).toBe('handOver');
});
