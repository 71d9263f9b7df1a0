import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openPlanning, planForStack, withRegionsAsTheyAre } from '../../../cli/planFromStack';
import { readStackFile, readStackSettings, setStackValue } from '../../../stack/stackFile';
import { parseDocument } from 'yaml';

const project = path.join(__dirname, '../../..');
const traces = path.join(project, 'traces/sample');
const flags = { policy: 'carbon', maxLatency: 500, alpha: 0.9 };

let folder: string;
let stackFile: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'casper-test-'));
  stackFile = path.join(folder, 'Pulumi.dev.yaml');
  copyFileSync(path.join(project, 'Pulumi.dev.yaml'), stackFile);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function regionsFile(text: string): string {
  const file = path.join(folder, 'regions.csv');
  writeFileSync(file, text);
  return file;
}

test('a stack is planned with the capacity of each of its regions', async () => {
  const own = { maxServers: 80, requestsPerServer: 3, cpuMillicoresPerServer: 7, epsilonMillicores: 2 };
  // The plan that the file has does not fit it any more, which must not stand in the way of a new one.
  const document = parseDocument(readFileSync(stackFile, 'utf8'));
  document.setIn(['config', 'casper:regions', 2, 'capacity'], own);
  writeFileSync(stackFile, document.toString());
  const [plan] = await planForStack(openPlanning(stackFile, traces, flags), undefined, 1);
  const servers = plan?.servers['eu-west-3'] ?? 0;
  const received = Object.values(plan?.requests ?? {}).reduce((sum, row) => sum + (row['eu-west-3'] ?? 0), 0);
  expect(servers).toBe(Math.ceil(received / 3));
  expect(servers).toBeGreaterThan(0);
  expect(servers).toBeLessThanOrEqual(80);
  expect(plan?.cpuMillicores['eu-west-3']).toBe(7 * servers + 2);
});

test('a region that cannot be changed gets no more requests than what runs there carries', async () => {
  const planning = openPlanning(stackFile, traces, flags);
  const { plan: inForce } = readStackFile(stackFile);
  const received = async (asTheyAre: string[]): Promise<number> => {
    const [plan] = await planForStack(withRegionsAsTheyAre(planning, asTheyAre, inForce), undefined, 1);
    return Object.values(plan?.requests ?? {}).reduce((sum, row) => sum + (row['eu-west-3'] ?? 0), 0);
  };
  expect(inForce.regions['eu-west-3']?.servers).toBe(74);
  expect(await received([])).toBeGreaterThan(740);
  expect(await received(['eu-west-3'])).toBe(740);
});

test('a regions.csv may say of a stack what the stack file cannot', () => {
  const regions = regionsFile('region,pue,price_per_hour,destinations\nus-east-1,1.2,0.05,us-east-1\n');
  const { options } = openPlanning(stackFile, traces, { ...flags, regions });
  expect(options.regionRows?.get('us-east-1')).toEqual({
    pue: 1.2,
    pricePerServerHour: 0.05,
    destinations: ['us-east-1'],
  });
});

test('the PUE of the stack file counts, and one of a regions.csv before it', () => {
  const { regions: inFile } = readStackSettings(stackFile);
  const file = path.join(folder, 'Pulumi.pue.yaml');
  copyFileSync(stackFile, file);
  setStackValue(file, {
    keys: ['casper:regions'],
    value: inFile.map((region, index) => ({ ...region, pue: 1 + index / 10 })),
  });
  const regions = regionsFile('region,pue\nus-east-1,1.9\n');
  const { options } = openPlanning(file, traces, { ...flags, regions });
  const pues = inFile.map(({ name }) => options.regionRows?.get(name)?.pue);
  expect(pues).toEqual(inFile.map(({ name }, index) => (name === 'us-east-1' ? 1.9 : 1 + index / 10)));
  setStackValue(file, {
    keys: ['casper:regions'],
    value: inFile.map((region, index) => (index === 0 ? { ...region, pue: 1.1 } : region)),
  });
  expect(() => openPlanning(file, traces, flags)).toThrow('none is known; give each of these one too');
});

test.each([
  ['servers', 'maxServers'],
  ['min_servers', 'minServers'],
  ['requests_per_server', 'requestsPerServer'],
])('a regions.csv with %s is refused with a stack, and says where that belongs', (column, key) => {
  const regions = regionsFile(`region,${column}\nus-east-1,5\n`);
  expect(() => openPlanning(stackFile, traces, { ...flags, regions })).toThrow(
    `${regions}: column ${column} says 5 for us-east-1, but a stack has that in its stack file: ` +
      `set capacity.${key} of us-east-1 in casper:regions of ${stackFile}, and take the column out`,
  );
});
