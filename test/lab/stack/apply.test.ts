import { besidesProgress, CasperStack, checkout, type Change } from './casperCommand';
import { kubectl } from '../kubectl';
import { execa } from 'execa';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

jest.setTimeout(240_000);

interface Applied {
  changes: Change[];
  notes: string[];
  verification: {
    region: string;
    plannedCpuMillicores: number;
    ok: boolean;
    /** The lab's image has `cat`: the quota is read. Unit tests cover images without it. */
    pods: { limitMillicores: number; quota: { quotaMicros: number } }[];
  }[];
}

const baseline = {
  'ap-southeast-2': '81m',
  'eu-west-3': '741m',
  'us-east-1': '281m',
  'us-west-1': '51m',
};

describe('a stack', () => {
  let stack: CasperStack;
  beforeAll(() => {
    stack = CasperStack.create('test-apply');
  });
  afterAll(async () => {
    await stack.remove();
  });

  test('the plan of the stack file becomes CPU quotas in the pods’ cgroups; twice is no change', async () => {
    const { changes, verification } = await stack.json<Applied>('apply');
    expect(changes.filter(({ resource }) => resource.startsWith('Deployment'))).toHaveLength(6);
    expect(
      verification.map(({ region, ok, pods }) => [
        ...[region, ok],
        pods.map(({ limitMillicores, quota }) => [limitMillicores, quota.quotaMicros]),
      ]),
    ).toEqual([
      ['ap-southeast-2', true, [[81, 8_100]]],
      ['eu-central-1', true, []],
      ['eu-west-3', true, [[741, 74_100]]],
      ['us-east-1', true, [[281, 28_100]]],
      ['us-east-2', true, []],
      ['us-west-1', true, [[51, 5_100]]],
    ]);
    expect(await stack.liveLimits()).toEqual(baseline);

    const before = await stack.liveVersions();
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);
    expect((await stack.json<Applied>('preview')).changes).toEqual([]);
    expect(await stack.liveVersions()).toBe(before);
  });

  test('a person’s edit is previewed as exactly that change, and plain pulumi applies it', async () => {
    stack.edit(
      'us-west-1: { servers: 5, cpuMillicores: 51 }',
      'us-west-1: { servers: 6, cpuMillicores: 61 }',
    );
    const expected = [
      expect.objectContaining({
        operation: 'update',
        resource: 'Deployment us-west-1',
        properties: [
          { path: 'spec.template.spec.containers[0].resources.limits.cpu', before: '51m', after: '61m' },
          { path: 'spec.template.spec.containers[0].resources.requests.cpu', before: '46m', after: '55m' },
        ],
      }),
    ];
    expect((await stack.json<Applied>('preview')).changes).toEqual(expected);
    expect(await stack.liveLimits()).toEqual(baseline);

    expect(await stack.pulumi('preview', '--diff')).toMatch(/cpu: "51m" => "61m"/);
    expect(await stack.pulumi('up', '--yes', '--skip-preview')).toMatch(/1 updated/);
    expect(await stack.liveLimits()).toEqual({ ...baseline, 'us-west-1': '61m' });
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);
  });

  test('regions that grow are ready before one that shrinks is touched', async () => {
    stack.edit(
      'us-west-1: { servers: 6, cpuMillicores: 61 }',
      'us-west-1: { servers: 12, cpuMillicores: 121 }',
    );
    stack.edit('us-east-2: { servers: 0, cpuMillicores: 0 }', 'us-east-2: { servers: 5, cpuMillicores: 51 }');
    stack.edit(
      'us-east-1: { servers: 28, cpuMillicores: 281 }',
      'us-east-1: { servers: 20, cpuMillicores: 201 }',
    );
    const { stdout } = await execa(
      'pulumi',
      ['up', '--yes', '--skip-preview', '--stack', stack.name, '--config-file', stack.configFile, '--json'],
      { cwd: checkout, env: { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: 'true' } },
    );
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map(
        (line) =>
          JSON.parse(line) as Record<string, { metadata?: { urn: string; type: string; op: string } }>,
      )
      .flatMap((event) =>
        ['resourcePreEvent', 'resOutputsEvent'].flatMap((kind) => {
          const metadata = event[kind]?.metadata;
          return metadata?.type === 'kubernetes:apps/v1:Deployment' && metadata.op === 'update'
            ? [`${kind === 'resourcePreEvent' ? 'begin' : 'done'} ${metadata.urn.split('::').at(-1) ?? ''}`]
            : [];
        }),
      );
    expect(events).toContain('done us-east-1');
    const shrinks = events.indexOf('begin us-east-1');
    expect(shrinks).toBeGreaterThan(events.indexOf('done us-west-1'));
    expect(shrinks).toBeGreaterThan(events.indexOf('done us-east-2'));
    expect(events.indexOf('done us-west-1')).toBeGreaterThanOrEqual(0);
    expect(events.indexOf('done us-east-2')).toBeGreaterThanOrEqual(0);
  });

  test('a rollout that fails leaves the old pod serving, and the next apply goes on', async () => {
    // The provider takes a rollout for done where it sees the Deployment's conditions of before.
    await kubectl('rollout', 'status', 'deployment/kiwix-us-east-1', '-n', stack.name, '--timeout=120s');
    const before = await stack.liveLimits();
    stack.edit(
      'image: casper.local/kiwix-serve:3.3',
      'image: casper.local/missing:1\n    rolloutTimeoutSeconds: 20',
    );
    const { exitCode, stderr } = await stack.run('apply');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('What is not ready, and why:');
    // Every region with a pod, in the kubelet's words.
    for (const region of Object.keys(before)) {
      expect(stderr).toMatch(
        new RegExp(
          `${region}: pod kiwix-${region}-\\S+: (ErrImagePull|ImagePullBackOff): .*casper\\.local/missing:1`,
        ),
      );
    }
    expect(stderr).toContain('the next apply goes on from here');
    expect(await stack.liveLimits()).toEqual(before);
    stack.edit(
      'image: casper.local/missing:1\n    rolloutTimeoutSeconds: 20',
      'image: casper.local/kiwix-serve:3.3',
    );
    expect((await stack.json<Applied>('apply')).verification.every(({ ok }) => ok)).toBe(true);
  });

  test('what kubectl changed is a fault that verify --fix puts right and names', async () => {
    const scaled = ['deployment/kiwix-us-east-1', '-n', stack.name];
    await kubectl('scale', ...scaled, '--replicas=2');
    await kubectl('rollout', 'status', ...scaled, '--timeout=120s');
    const found = await stack.run('verify');
    expect([found.exitCode, found.stdout]).toEqual([1, expect.stringContaining('2 ready pods, expected 1')]);
    const { update } = await stack.json<{ update: Applied }>('verify', '--fix');
    expect(update.notes).toContain(
      'was changed by kubectl: Deployment kiwix-us-east-1 spec.replicas, 2 instead of 1 (overwritten)',
    );
    expect((await stack.run('verify')).exitCode).toBe(0);
    expect((await stack.json<Applied>('apply')).changes).toEqual([]);
  });

  test('a driver that is killed leaves a lock and a state that the next apply goes on from', async () => {
    stack.edit(
      'us-east-1: { servers: 20, cpuMillicores: 201 }',
      'us-east-1: { servers: 30, cpuMillicores: 301 }',
    );
    const driver = execa(
      'setsid',
      ['node', 'dist/cli/main.js', 'apply', '--stack', stack.name, '--config-file', stack.configFile],
      {
        cwd: checkout,
        reject: false,
      },
    );
    const locks = path.join(
      process.env['CASPER_LAB'] ?? '',
      'pulumi/.pulumi/locks/organization/casper',
      stack.name,
    );
    const deadline = Date.now() + 120_000;
    const locked = (): boolean =>
      existsSync(locks) && readdirSync(locks).some((file) => file.endsWith('.json'));
    while (!locked() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(locked()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    // The driver's process group, and Pulumi's, which has one of its own: as when a machine goes down.
    const [file = ''] = readdirSync(locks).filter((name) => name.endsWith('.json'));
    const lock = JSON.parse(readFileSync(path.join(locks, file), 'utf8')) as { pid: number };
    process.kill(-(driver.pid ?? NaN), 'SIGKILL');
    process.kill(-lock.pid, 'SIGKILL');
    await driver;
    const { stdout, exitCode, stderr } = await stack.run('apply');
    expect([exitCode, besidesProgress(stderr)]).toEqual([0, []]);
    expect(stdout).toMatch(/took over the lock of process \d+ of /);
    expect(await stack.liveLimits()).toMatchObject({ 'us-east-1': '301m' });
  });
});

test('plain pulumi in the project’s folder: stack init, config set, preview, up, refresh, destroy', async () => {
  const name = 'test-plain';
  const file = path.join(checkout, `Pulumi.${name}.yaml`);
  const pulumi = async (...args: string[]): Promise<string> =>
    (await execa('pulumi', [...args, '--stack', name, '--non-interactive'], { cwd: checkout })).stdout;
  const config = readFileSync(path.join(checkout, 'Pulumi.dev.yaml'), 'utf8').replace(
    'port: 8080',
    `port: 8080\n    namespace: ${name}`,
  );
  try {
    await execa('pulumi', ['stack', 'init', name, '--non-interactive'], { cwd: checkout });
    await execa('tee', ['-a', file], { input: config });
    await pulumi('config', 'set', '--path', 'casper:plan.regions.us-east-1.cpuMillicores', '291');
    expect(await pulumi('preview')).toMatch(/\+ 3\d to create/);
    expect(await pulumi('up', '--yes', '--skip-preview')).toMatch(/created/);
    expect(await pulumi('refresh', '--yes')).toMatch(/unchanged/);
    expect(await pulumi('preview')).not.toMatch(/to (create|update|delete)/);
    expect(await pulumi('destroy', '--yes')).toMatch(/deleted/);
  } finally {
    await execa('pulumi', ['stack', 'rm', '--yes', '--force', name], { cwd: checkout, reject: false });
    rmSync(file, { force: true });
  }
});
