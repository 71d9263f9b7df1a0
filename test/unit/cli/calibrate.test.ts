import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { Calibration, CalibrationOptions } from '../../../calibrate/calibration';
import { serverCapacity } from '../../../calibrate/serverCapacity';
import { notEndedByCpu, renderCalibration, renderStep } from '../../../cli/render/calibration';
import { referenceCapacity } from '../../../stack/capacity';
import { containerName } from '../../../stack/naming';
import { FakeApiServer } from '../../hosts/fakeApiServer';
import { startServer, stopServers } from '../loopbackServer';

const project = path.resolve(__dirname, '../../..');

let folder: string;
let stackFile: string;
let cluster: FakeApiServer;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-calibrate-'));
  stackFile = path.join(folder, 'Pulumi.dev.yaml');
  cluster = await FakeApiServer.start(folder, containerName);
  cluster.addPod('us-east-1-1', 281);
  const document = parseDocument(readFileSync(path.join(project, 'Pulumi.dev.yaml'), 'utf8'));
  document.setIn(['config', 'casper:cluster'], { context: 'fake', kubeconfig: cluster.kubeconfig });
  const port = Number(new URL((await startServer()).url).port);
  document.setIn(['config', 'casper:regions', 3, 'loadBalancer'], { address: '127.0.0.1', port });
  writeFileSync(stackFile, document.toString());
});
afterEach(async () => {
  cluster.stop();
  await stopServers();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled command in a process of its own. */
function casperCalibrate(
  args: readonly string[],
  onError: (kill: (signal: NodeJS.Signals) => void, stderr: string) => void = () => undefined,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [path.join(project, 'dist/cli/main.js'), 'calibrate', '--config-file', stackFile, ...args],
      { timeout: 60_000 },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      onError((signal) => child.kill(signal), stderr);
    });
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

test('what cannot be calibrated is refused, and nothing is changed', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { status, stderr } = await casperCalibrate(args);
    expect(status).toBe(1);
    return stderr;
  };
  expect(await refused('mars')).toBe(
    'casper: mars: no such region in casper:regions; there are ap-southeast-2, eu-central-1, eu-west-3, us-east-1, us-east-2, us-west-1\n',
  );
  expect(await refused('us-east-1')).toContain('serves us-east-1, us-east-2, who would wait');
  expect(await refused('us-east-1', '--disturb', '--cpu', '100,200,2000')).toContain('--cpu 2000: expected');
  expect(await refused('us-east-1', '--disturb', '--cpu', '100,0.5,200')).toContain('whole millicores');
  expect(await refused('us-east-1', '--disturb', '--cpu', '100,,200')).toContain('comma between them');
  expect(await refused('us-east-1', '--disturb', '--rounds', '1')).toContain(
    '3 limits in 1 round are too few for an interval',
  );
  expect(await refused('us-east-1', '--disturb', '--latency', '0')).toContain('at least 1');
  expect(await refused('us-east-1', '--disturb', '--percentile', '98')).toContain('50, 95, 99');
  expect(await refused('us-east-1', '--disturb', '--path', 'wiki')).toContain('begins with one /');
  cluster.pods = [];
  expect(await refused('us-east-1', '--disturb')).toContain('0 ready pods, expected 1; apply the stack file');
  expect(cluster.requests.filter((request) => request.startsWith('PATCH'))).toEqual([]);
});

test('ended by signals, several of them: the pods have the plan’s CPU, and the file is as it was', async () => {
  const before = readFileSync(stackFile, 'utf8');
  let killed = false;
  const { status, stdout, stderr } = await casperCalibrate(
    ['us-east-1', '--disturb', '--seconds', '1', '--latency', '1000', '--write'],
    (kill, said) => {
      if (!/requests\/s: /.test(said) || killed) return;
      killed = true;
      kill('SIGINT');
      setTimeout(() => {
        kill('SIGTERM');
      }, 20);
    },
  );
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/100m: 99 requests\/s: p99 \d+ ms, 0 failed, CPU unknown: kept\n/);
  expect(stderr).toContain('casper: ended by a signal; what was measured of us-east-1 is left out');
  expect(cluster.pods.map(({ limitMillicores }) => limitMillicores)).toEqual([281]);
  expect(cluster.requests.filter((request) => request.startsWith('PATCH'))).toHaveLength(2);
  expect(readFileSync(stackFile, 'utf8')).toBe(before);
});

describe('what is printed', () => {
  const options: CalibrationOptions = {
    ...{ region: 'north', millicores: [50, 100, 200], rounds: 2, latencyMs: 100, percentile: '99' },
    ...{ seconds: 10, seed: 1, believed: () => 1, signal: new AbortController().signal },
  };
  const knees = [1, 2].flatMap((round) =>
    [50, 100, 200].map((millicores) => {
      const kept = (2 + round / 100) * millicores - 20;
      return { millicores, round, kept, broken: kept * 1.04, cpuMillicores: 5 + 0.4 * kept };
    }),
  );
  const steps = knees.map(({ millicores, round, kept, cpuMillicores }) => ({
    ...{ millicores, round, requestsPerSecond: kept, latencyMs: 40, failed: 0, lateMs: 1 },
    ...{ answeredPerSecond: kept, cpuMillicores, verdict: 'kept' as const },
  }));
  const calibration: Calibration = { knees, steps, notes: ['the pods were replaced'] };

  test('rates by limit, the line as a chart, and what a server carries', () => {
    const found = serverCapacity(calibration, referenceCapacity);
    const text = renderCalibration(options, calibration, found, referenceCapacity);
    expect(text).toContain('north: requests/s with p99 within 100 ms and none failed, by CPU limit');
    expect(text).toMatch(/100m +181 \(not 188\) +182 \(not 189\) +182 +77 %, 78 % +99/);
    expect(text).toMatch(/^ +200m #{49,50}\|#* +383$/m);
    expect(text).toMatch(
      /a server of 10m carries 20\.\d requests\/s, 95 % interval .*; the stack file says 10$/m,
    );
    expect(text).toContain('a request takes 0.40 ms of CPU');
    expect(text).toMatch(
      /note: by the line the first 10m of a region's limit carry nothing; epsilonMillicores is 1, so/,
    );
    expect(text).toContain('note: the pods were replaced');
    expect(notEndedByCpu(calibration)).toEqual([]);
  });

  test('limits that something else than CPU ends', () => {
    const idle = knees.map((knee) => ({ ...knee, cpuMillicores: knee.millicores / 5 }));
    expect(notEndedByCpu({ ...calibration, knees: idle })[0]).toBe(
      'at 50m the pods used 20 % of their limit: something else than CPU ends what they carry',
    );
  });

  test('a step that nothing is known of', () => {
    const lost = {
      ...{ millicores: 50, round: 1, requestsPerSecond: 320, latencyMs: null, failed: 320, lateMs: 80 },
      ...{ answeredPerSecond: 0, cpuMillicores: { unknown: 'no cat' }, verdict: 'late' as const },
    };
    expect(renderStep(lost, '99')).toBe(
      '  50m: 320 requests/s: no answer, 320 failed, CPU unknown, left 80 ms late: late',
    );
  });
});
