import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setStackValue } from '../../../stack/stackFile';
import { FakeApiServer } from '../../hosts/fakeApiServer';
import { goodFiles, removeTraceFolders, traceFolder, type TraceFiles } from '../traces/traceFolder';

afterEach(removeTraceFolders);

const main = path.resolve(__dirname, '../../../dist/cli/main.js');
const at = '2025-06-01T00:00:00Z';

interface Ended {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own is its home: nobody is logged in to a backend there. */
function casper(folder: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: process.env['PATH'], HOME: folder, CASPER_CACHE: folder }, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ status: error?.code ?? 0, stdout, stderr });
      },
    );
  });
}

/** A trace's folder with a stack file for it, as a person makes it. */
async function stackFor(files: TraceFiles): Promise<{ folder: string; stackFile: string; init: Ended }> {
  const folder = traceFolder(files);
  const stackFile = path.join(folder, 'Pulumi.new.yaml');
  const context = ['--config-file', stackFile, '--context', 'fake'];
  return { folder, stackFile, init: await casper(folder, 'init', '--traces', folder, ...context) };
}

test('a trace in which nobody asks for anything: init says so, and apply refuses its plan; the file stays', async () => {
  const header = 'timestamp,north,south,west\n';
  const rows = [0, 1, 2, 3].map((hour) => `${1_748_736_000 + hour * 3600},0,0,0\n`).join('');
  const { folder, stackFile, init } = await stackFor({ ...goodFiles, 'requests.csv': header + rows });
  expect(init.status).toBe(0);
  expect(init.stderr).toContain('has no request in any hour: plans of it serve nobody, and are refused');
  const cluster = await FakeApiServer.start(folder);
  try {
    setStackValue(stackFile, {
      keys: ['casper:cluster'],
      value: { context: 'fake', kubeconfig: cluster.kubeconfig },
    });
    const before = readFileSync(stackFile, 'utf8');
    const applied = await casper(
      folder,
      ...['apply', '--traces', folder, '--at', at, '--config-file', stackFile],
    );
    expect(applied.status).toBe(1);
    expect(applied.stderr).toContain('no region has a server, so nobody is served');
    expect(readFileSync(stackFile, 'utf8')).toBe(before);
    expect(cluster.requests.filter((request) => !request.startsWith('GET'))).toEqual([]);
  } finally {
    cluster.stop();
  }
});

test('carbon intensity that stands still for a day is told where it is planned from', async () => {
  const hours = Array.from({ length: 30 }, (_, hour) => hour);
  const rows = (cells: (hour: number) => string): string =>
    hours.map((hour) => `${1_748_736_000 + hour * 3600},${cells(hour)}\n`).join('');
  const folder = traceFolder(goodFiles);
  const header = 'timestamp,north,south,west\n';
  writeFileSync(
    path.join(folder, 'carbon_intensities.csv'),
    header + rows((hour) => `42,${200 + hour},${300 + hour}`),
  );
  writeFileSync(path.join(folder, 'requests.csv'), header + rows(() => '10,20,30'));
  const { status, stderr } = await casper(folder, 'plan', '--traces', folder, '--at', at);
  expect(status).toBe(0);
  expect(stderr).toBe(
    `note: the carbon intensity of north stands at 42 gCO2e/kWh for 30 h from ${at} in ${folder}: stuck? Where it is, empty those cells\n`,
  );
});
