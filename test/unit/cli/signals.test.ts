import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { readStackSettings, setStackValue } from '../../../stack/stackFile';
import type { RegionSignal } from '../../../signals/readSignals';
import {
  canary,
  carbonServer,
  cleanUp,
  hour,
  json,
  latestOf,
  zonesOf,
  type CarbonServer,
} from '../signals/carbonServer';

const project = path.resolve(__dirname, '../../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-signals-'));
});
afterEach(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** The compiled command in a process of its own, as a user has it: with the machine's own clock. */
function casperSignals(stackFile: string, args: readonly string[] = [], token = canary): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [path.join(project, 'dist/cli/main.js'), 'signals', '--config-file', stackFile, ...args],
      {
        env: { PATH: process.env['PATH'], CASPER_CACHE: folder, ELECTRICITY_MAPS_TOKEN: token },
        timeout: 60_000,
      },
      (error, stdout, stderr) => {
        resolve({ status: error?.code ?? 0, stdout, stderr });
      },
    );
  });
}

function stackFile(signals?: unknown): string {
  const document = parseDocument(readFileSync(path.join(project, 'Pulumi.dev.yaml'), 'utf8'));
  const { config } = document.toJS() as { config: { 'casper:regions': { name: string }[] } };
  const regions = config['casper:regions'].map(({ name }) => ({
    name,
    cloud: { provider: 'aws', region: name },
  }));
  document.setIn(['config', 'casper:regions'], document.createNode(regions));
  if (signals !== undefined) document.setIn(['config', 'casper:signals'], document.createNode(signals));
  const file = path.join(folder, 'Pulumi.test.yaml');
  writeFileSync(file, document.toString());
  return file;
}

const grams: Record<string, number> = {
  'AU-NSW': 620,
  DE: 380,
  FR: 42,
  'US-MIDA-PJM': 410,
  'US-CAL-CISO': 250,
};

/** Electricity Maps, which has nothing for some zones. */
function mapsServer(without: readonly string[] = []): Promise<CarbonServer> {
  return carbonServer(
    (url, request, response) => {
      const zone = url.searchParams.get('zone') ?? '';
      if (request.headers['auth-token'] !== canary) json(response, { error: 'wrong token' }, 401);
      else if (url.pathname.endsWith('/zones')) json(response, zonesOf(Object.keys(grams)));
      else if (without.includes(zone)) json(response, { error: `No recent data for zone "${zone}"` }, 404);
      else json(response, latestOf(zone, grams[zone], hour(0, Date.now())));
    },
    () => Date.now(),
  );
}
const settings = (url: string) => ({ sources: [{ name: 'maps', kind: 'electricityMaps', baseUrl: url }] });

test('prints every region with its value and where it comes from; the second call asks nobody', async () => {
  const server = await mapsServer();
  const file = stackFile(settings(server.url));
  const { status, stdout, stderr } = await casperSignals(file);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^ {2}eu-west-3 +FR +42\.0 +- +average, life cycle, flow-traced +estimated .* now +maps/m,
  );
  expect(stdout).toMatch(/^ {2}us-east-2 +US-MIDA-PJM +410\.0/m);
  expect(stdout).toContain('PUE is counted of no region, as it is not known of eu-west-3; set pue of these');
  // Five zones for six regions, and what the token is for.
  expect(server.asked).toHaveLength(6);
  const again = await casperSignals(file, ['--json']);
  const { regions } = JSON.parse(again.stdout) as { regions: RegionSignal[] };
  expect(regions.map(({ region, zone }) => [region, zone])[1]).toEqual(['eu-central-1', 'DE']);
  expect(regions.every(({ signal }) => 'from' in signal && signal.from === 'source')).toBe(true);
  expect(server.asked).toHaveLength(6);
  for (const kept of readdirSync(path.join(folder, 'signals'))) {
    expect(readFileSync(path.join(folder, 'signals', kept), 'utf8')).not.toContain(canary);
  }
});

test('PUE by cloud, and by hand where the cloud says none: each value and its product are printed', async () => {
  const server = await mapsServer();
  const file = stackFile(settings(server.url));
  const { regions } = readStackSettings(file);
  const value = regions.map((region) => (region.name === 'eu-west-3' ? { ...region, pue: 1.5 } : region));
  setStackValue(file, { keys: ['casper:regions'], value });
  const { stdout } = await casperSignals(file);
  expect(stdout).toMatch(/^ {2}eu-west-3 +FR +42\.0 +1\.5: 63\.0 +average/m);
  expect(stdout).toMatch(/^ {2}us-east-2 +US-MIDA-PJM +410\.0 +1\.13: 463\.3 +average/m);
  const json = await casperSignals(file, ['--json']);
  const read = JSON.parse(json.stdout) as { regions: { region: string; pue: number }[] };
  expect(read.regions.find(({ region }) => region === 'eu-west-3')?.pue).toBe(1.5);
});

test('exit code 1 where one region has none; the others are printed all the same', async () => {
  const server = await mapsServer(['FR']);
  const { status, stdout } = await casperSignals(stackFile(settings(server.url)));
  expect(status).toBe(1);
  expect(stdout).toMatch(/^ {2}eu-west-3 +FR +missing/m);
  expect(stdout).toMatch(/MISSING: eu-west-3: no value of the zone FR from maps/);
  expect(stdout).toMatch(/eu-west-3: not found: maps, .*status 404, "No recent data for zone "FR""/);
  expect(stdout).toMatch(/^ {2}eu-central-1 +DE +380\.0/m);
});

test('no token, and a wrong one, are said without it', async () => {
  const server = await mapsServer();
  const file = stackFile(settings(server.url));
  const none = await casperSignals(file, [], '');
  expect(none).toMatchObject({ status: 1, stdout: '' });
  expect(none.stderr).toContain('needs the environment variable ELECTRICITY_MAPS_TOKEN, which is not set');
  const wrong = await casperSignals(file, [], 'canary-wrong');
  expect(wrong.status).toBe(1);
  expect(wrong.stdout).toContain('unauthorised: maps, ');
  expect(wrong.stderr).toMatch(
    /us-east-1.*: maps, .*\/v4\/zones: status 401, "wrong token"; check the credential/,
  );
  expect(wrong.stdout + wrong.stderr).not.toContain('canary-wrong');
});

test('a stack file without casper:signals says what to add', async () => {
  const { status, stderr } = await casperSignals(stackFile());
  expect(status).toBe(1);
  expect(stderr).toContain('has no casper:signals; add it with at least one source');
});
