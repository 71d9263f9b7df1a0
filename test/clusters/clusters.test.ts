import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { readStackSettings, setStackValue, writeStackPlan } from '../../stack/stackFile';
import type { StackPlan } from '../../stack/stackConfig';
import type { Applied } from '../../driver/reconcile';
import { casper, checkout, type Outcome } from '../lab/stack/casperCommand';
import { kubectl } from '../lab/kubectl';

jest.setTimeout(400_000);

const name = 'test-clusters';
const sample = path.join(checkout, 'traces', 'sample');
/** Two regions in each of the lab's three clusters, in the order of the trace. */
const regions = ['ap-southeast-2', 'eu-central-1', 'eu-west-3', 'us-east-1', 'us-east-2', 'us-west-1'];
const frozen = 'casper-lab-2';
const frozenRegions = ['eu-west-3', 'us-east-1'];

/** A stack whose regions are in three clusters; needs the lab by `casper lab up --clusters 3`. */
describe('regions in clusters of their own', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-test-'));
  const configFile = path.join(folder, `Pulumi.${name}.yaml`);
  const run = (command: string, ...args: string[]): Promise<Outcome> =>
    casper([command, '--stack', name, '--config-file', configFile, ...args]);
  const apply = async (): Promise<
    Applied & { exitCode: number | undefined; changes: { resource: string }[] }
  > => {
    const { exitCode, stdout, stderr } = await run('apply', '--json');
    if (stdout === '') throw new Error(stderr);
    return { ...(JSON.parse(stdout) as Applied & { changes: { resource: string }[] }), exitCode };
  };
  /** A plan that gives every region so many servers, and sends each origin's requests to itself. */
  const give = (servers: Readonly<Record<string, number>>): void => {
    const plan: StackPlan = {
      ...readStackSettings(configFile).plan,
      regions: Object.fromEntries(
        regions.map((region) => {
          const count = servers[region] ?? 5;
          return [region, { servers: count, cpuMillicores: 10 * count + 1 }];
        }),
      ),
      weights: Object.fromEntries(regions.map((region) => [region, { [region]: 1 }])),
    };
    writeStackPlan(configFile, plan);
  };
  const limitOf = async (region: string, context: string): Promise<string> =>
    kubectl(
      ...[`--context=${context}`, 'get', 'pods', '-n', 'casper', '-o'],
      ...['jsonpath={.items[*].spec.containers[*].resources.limits.cpu}'],
      ...['-l', `app.kubernetes.io/instance=${region}`],
    );
  const apiServer = Number(
    readFileSync(path.join(process.env['CASPER_LAB'] ?? '', 'pids', `kube-apiserver-${frozen}`), 'utf8'),
  );
  const answers = () =>
    Promise.all(
      regions.map(async (_, index) => (await fetch(`http://192.168.245.${101 + index}:8000/`)).status),
    );

  beforeAll(async () => {
    const init = await casper(['init', '--lab', '--traces', sample, '--config-file', configFile]);
    expect([init.exitCode, init.stderr]).toEqual([0, '']);
    setStackValue(configFile, { keys: ['casper:platform', 'metricsServer'], value: undefined });
    setStackValue(configFile, { keys: ['casper:service', 'drainSeconds'], value: 1 });
  });
  afterAll(async () => {
    process.kill(apiServer, 'SIGCONT');
    await execa('pulumi', ['destroy', '--yes', '--remove', '--stack', name, '--config-file', configFile], {
      cwd: checkout,
    });
    rmSync(folder, { recursive: true });
  });

  test('one update makes the plan real in all of them, and requests find their way', async () => {
    give({});
    const { exitCode, verification, silent } = await apply();
    expect([exitCode, silent]).toEqual([0, []]);
    expect(verification.map(({ region, ok }) => [region, ok])).toEqual(
      regions.map((region) => [region, true]),
    );
    for (const [index, region] of regions.entries()) {
      expect(await limitOf(region, `casper-lab-${1 + Math.floor(index / 2)}`)).toBe('51m');
    }
    expect(await answers()).toEqual(regions.map(() => 200));
  });

  test('the order of a change spans them: what grows in one comes before what shrinks in another', async () => {
    give({ 'ap-southeast-2': 2, 'us-west-1': 9 });
    const { changes, exitCode } = await apply();
    expect([exitCode, changes.map(({ resource }) => resource)]).toEqual([
      0,
      ['PodCpu us-west-1', 'PodCpu ap-southeast-2'],
    ]);
  });

  test('a cluster whose API server is frozen: the others change, its regions serve on, and nothing is deleted', async () => {
    process.kill(apiServer, 'SIGSTOP');
    give({ 'ap-southeast-2': 7, 'eu-west-3': 8, 'us-west-1': 3 });
    const { changes, silent, exitCode } = await apply();
    expect(exitCode).toBe(1);
    expect(silent).toMatchObject([{ name: frozen, regions: frozenRegions }]);
    expect(changes.map(({ resource }) => resource).sort()).toEqual([
      'PodCpu ap-southeast-2',
      'PodCpu us-west-1',
    ]);
    expect(await limitOf('ap-southeast-2', 'casper-lab-1')).toBe('71m');
    expect(await answers()).toEqual(regions.map(() => 200));
    const verified = await run('verify');
    expect([verified.exitCode, verified.stdout]).toEqual([
      1,
      expect.stringContaining(`left as they are: ${frozenRegions.join(', ')}. No API server answers`),
    ]);
  });

  test('once it answers, the next apply settles it', async () => {
    process.kill(apiServer, 'SIGCONT');
    const { changes, silent, exitCode } = await apply();
    expect([exitCode, silent]).toEqual([0, []]);
    expect(changes.map(({ resource }) => resource)).toEqual(['PodCpu eu-west-3']);
    expect(await limitOf('eu-west-3', frozen)).toBe('81m');
  });
});
