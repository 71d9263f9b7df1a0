import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { controlScript } from '../../components/host/controlScript';
import { dynamicConfig, staticConfig } from '../../components/traefikConfig';
import { ask } from './backend';
import { freePort } from './sshServer';
import { tool } from './tools';

/**
 * A real Traefik that is looked after without a driver, by the host's script alone. The tests mostly wait, and run at the
 * same time. systemd and cron are stand-ins here, which write down what they are asked for.
 */

jest.setTimeout(120_000);

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One Traefik, its folder, and the script that looks after it. */
class Supervised {
  private constructor(
    private readonly root: string,
    private readonly addresses: Record<'entryPointAddress' | 'metricsAddress' | 'apiAddress', string>,
    private readonly wrapper: readonly string[],
  ) {}

  /** @param wrapper command line that the script is run by, where it is not run plainly */
  static async in(root: string, wrapper: readonly string[] = []): Promise<Supervised> {
    const address = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
    const addresses = {
      ...{ entryPointAddress: await address(), metricsAddress: await address() },
      apiAddress: await address(),
    };
    const made = new Supervised(root, addresses, wrapper);
    mkdirSync(path.join(made.folder, 'dynamic'), { recursive: true });
    writeFileSync(made.file('control'), controlScript());
    return made;
  }

  get folder(): string {
    return path.join(this.root, 'traefik-east');
  }

  get entryPoint(): string {
    return this.addresses.entryPointAddress;
  }

  file(name: string): string {
    return path.join(this.folder, name);
  }

  text(name: string): string {
    return existsSync(this.file(name)) ? readFileSync(this.file(name), 'utf8') : '';
  }

  /** Id of the process, or of its supervisor, if that lives. */
  id(name: 'pid' | 'supervisor'): number | undefined {
    const id = Number(this.text(name).split(' ')[0]);
    return existsSync(`/proc/${id}/exe`) ? id : undefined;
  }

  async control(verb: string, input = ''): Promise<Ended> {
    const [command, ...args] = [...this.wrapper, 'sh', this.file('control'), verb];
    return await ended(command, args, input);
  }

  /** @param line added to the configuration, for it to be another one */
  async process(line = ''): Promise<Ended> {
    const config = `${staticConfig({ folder: this.folder, ...this.addresses })}${line}`;
    const argument = `--configFile=${this.file('traefik.yml')}`;
    const ready = `http://${this.addresses.apiAddress}/ping`;
    return await this.control(
      'process',
      counted('here', tool('traefik'), argument, 'traefik.yml', ready, config),
    );
  }

  /** A row of one region that nobody is behind. */
  async weights(weight: number): Promise<Ended> {
    const { revision, file } = dynamicConfig({
      destinations: { a: 'http://127.0.0.1:1' },
      weights: { a: weight },
    });
    return await this.control(
      'weights',
      counted('here', `http://${this.addresses.apiAddress}`, revision, '5', file),
    );
  }

  async start(): Promise<void> {
    expect(await this.process()).toEqual(done);
    expect(await this.weights(1)).toEqual(done);
  }

  /** 502 while the row is served, since nobody is behind it; 404 while a Traefik has no row. */
  async serves(): Promise<boolean> {
    return (await ask(this.entryPoint).catch(() => undefined))?.status === 502;
  }

  /** How often it did not serve while some work was done, asked every 50 ms. */
  async outagesDuring(work: Promise<unknown>): Promise<number> {
    let outages = 0;
    const over = work.then(() => true);
    while (!(await Promise.race([over, sleep(50, false)]))) {
      if (!(await this.serves())) outages += 1;
    }
    return outages;
  }

  /** The supervisor with its guard, and not the process. */
  killLookout(): void {
    process.kill(-(this.id('supervisor') ?? NaN), 'SIGKILL');
  }

  kill(name: 'pid' | 'supervisor'): void {
    process.kill(this.id(name) ?? NaN, 'SIGKILL');
  }

  async remove(): Promise<void> {
    expect(await this.control('remove')).toEqual(done);
    expect(existsSync(this.folder)).toBe(false);
  }
}

const done: Ended = { status: 0, stdout: '', stderr: '' };

const counted = (...lines: string[]): string => {
  const text = lines.join('\n');
  return `${Buffer.byteLength(text)}\n${text}`;
};

async function ended(command: string, args: readonly string[], input = ''): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(command, args, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

/** Waits until something is so, for as long as the slowest machine may take. */
async function until(what: () => boolean | Promise<boolean>): Promise<number> {
  const start = performance.now();
  while (!(await what())) {
    if (performance.now() - start > 40_000) throw new Error(`it never came to be so: ${what.toString()}`);
    await sleep(50);
  }
  return (performance.now() - start) / 1000;
}

const folders: string[] = [];
const root = (): string => {
  const made = mkdtempSync(path.join(tmpdir(), 'supervision-'));
  folders.push(made);
  return made;
};
const left: Supervised[] = [];
async function supervised(wrapper?: readonly string[], at = root()): Promise<Supervised> {
  const made = await Supervised.in(at, wrapper);
  left.push(made);
  return made;
}
/** A process that is none of ours. */
const strangers: ChildProcess[] = [];
function stranger(): number {
  const child = spawn('sleep', ['600'], { detached: true });
  strangers.push(child);
  return child.pid ?? NaN;
}

afterAll(async () => {
  for (const child of strangers) child.kill('SIGKILL');
  for (const one of left) if (existsSync(one.folder)) await one.control('remove');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

test.concurrent('a process that was killed is back with its configuration and its row', async () => {
  const traefik = await supervised();
  const begunMs = performance.now();
  await traefik.start();
  const startSeconds = (performance.now() - begunMs) / 1000;
  const first = traefik.id('pid');
  traefik.kill('pid');
  const seconds = await until(() => traefik.serves());
  // The first time it is started again without a pause: that takes as long as its first start did, other tests aside.
  expect(seconds).toBeLessThan(5 + 5 * startSeconds);
  const second = traefik.id('pid');
  expect([undefined, first]).not.toContain(second);
  expect(traefik.text('log')).toMatch(/casper: process \d+ ended with status 137 after \d+ s; it is started/);
  // Nothing to do for a driver that comes by.
  const supervisor = traefik.id('supervisor');
  expect(await traefik.process()).toEqual(done);
  expect([traefik.id('pid'), traefik.id('supervisor')]).toEqual([second, supervisor]);
  expect((await traefik.control('status')).stdout).toContain(
    `process ${second} runs; process ${supervisor} looks after it; `,
  );
  await traefik.remove();
});

test.concurrent('a supervisor that was killed is replaced, and the process serves on', async () => {
  const traefik = await supervised();
  await traefik.start();
  const process = traefik.id('pid');
  const outages = traefik.outagesDuring(
    (async () => {
      traefik.kill('supervisor');
      await until(() => traefik.id('supervisor') !== undefined);
      traefik.killLookout();
      expect((await traefik.control('status')).stderr).toContain('nobody looks after it: run sh ');
      expect(await traefik.weights(2)).toEqual(done);
    })(),
  );
  expect(await outages).toBe(0);
  expect(traefik.id('pid')).toBe(process);
  traefik.kill('pid');
  await until(() => traefik.serves());
  await traefik.remove();
});

test.concurrent('where all were killed, status says so and the next command starts it, once', async () => {
  const traefik = await supervised();
  await traefik.start();
  traefik.killLookout();
  traefik.kill('pid');
  await until(() => traefik.id('pid') === undefined);
  expect(await traefik.control('status')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('runs; the last lines of its log: ') as string,
  });
  // As where the machine comes up while a driver is at work: whoever comes second leaves it to the first.
  const boot = ended('setsid', ['sh', traefik.file('control'), 'supervise']);
  expect(await traefik.process()).toEqual(done);
  expect(await traefik.serves()).toBe(true);
  const { stdout } = await ended('ps', ['-eo', 'args']);
  expect(stdout.split(`=${traefik.file('traefik.yml')}`)).toHaveLength(2);
  await traefik.remove();
  expect(await boot).toEqual(done);
});

test.concurrent(
  'one that cannot start is tried again ever more seldom, and is back once it can',
  async () => {
    const traefik = await supervised();
    await traefik.start();
    const config = traefik.text('traefik.yml');
    writeFileSync(traefik.file('traefik.yml'), 'entryPoints: nonsense\n');
    traefik.kill('pid');
    await until(() => traefik.text('log').includes('it is started again in 4 s'));
    const pauses = [...traefik.text('log').matchAll(/started again in (\d+) s/g)].map(
      ([, seconds]) => seconds,
    );
    expect(pauses).toEqual(['0', '1', '2', '4']);
    const { status, stderr } = await traefik.control('status');
    expect(status).toBe(1);
    expect(stderr).toMatch(/ended with status 1 after 0 s; it is started again in \d s/);
    expect(stderr).toContain('the last lines of its log: ');
    expect(stderr).toContain('entryPoints cannot be a standalone element');
    writeFileSync(traefik.file('traefik.yml'), config);
    await until(() => traefik.serves());
    await traefik.remove();
  },
);

test.concurrent('a change of its configuration restarts it once, a change of its row never', async () => {
  const traefik = await supervised();
  await traefik.start();
  const first = traefik.id('pid');
  expect(await traefik.process('# changed')).toEqual(done);
  const second = traefik.id('pid');
  expect([undefined, first]).not.toContain(second);
  expect(await traefik.process('# changed')).toEqual(done);
  expect(await traefik.weights(2)).toEqual(done);
  expect(await traefik.control('keep')).toEqual(done);
  await until(() => traefik.id('supervisor') !== undefined);
  expect(traefik.id('pid')).toBe(second);
  expect(traefik.text('log').match(/Traefik version/g)).toHaveLength(1);
  expect(traefik.text('log')).not.toContain('casper: ');
  await traefik.remove();
});

test.concurrent('one that hangs is told, and started anew by the next command alone', async () => {
  const traefik = await supervised();
  await traefik.start();
  const hung = traefik.id('pid') ?? NaN;
  process.kill(hung, 'SIGSTOP');
  expect((await traefik.control('status')).stderr).toContain(
    `process ${hung} of ${traefik.folder} runs, and does not answer`,
  );
  expect(await traefik.process()).toEqual(done);
  expect([undefined, hung]).not.toContain(traefik.id('pid'));
  expect(await traefik.serves()).toBe(true);
  await traefik.remove();
});

test.concurrent('after a reboot it is back, and who has its number by now is left alone', async () => {
  const traefik = await supervised();
  await traefik.start();
  traefik.killLookout();
  traefik.kill('pid');
  const other = stranger();
  const [, start] = traefik.text('pid').split(' ');
  for (const recorded of [`${other} ${start} another-boot`, `${other}`]) {
    for (const name of ['pid', 'supervisor']) writeFileSync(traefik.file(name), `${recorded}\n`);
    expect((await traefik.control('status')).stderr).toContain(`no process of ${traefik.folder} runs`);
    expect(await traefik.control('stop')).toEqual(done);
    expect(existsSync(`/proc/${other}`)).toBe(true);
    expect((await traefik.weights(1)).stderr).toContain('nobody serves its weights; casper apply starts it');
    await traefik.start();
    traefik.killLookout();
    traefik.kill('pid');
  }
  // What systemd and cron run when the machine starts.
  const boot = spawn('setsid', ['sh', traefik.file('control'), 'supervise']);
  const over = once(boot, 'exit');
  await until(() => traefik.serves());
  await traefik.remove();
  await over;
  expect(existsSync(`/proc/${other}`)).toBe(true);
});

test.concurrent(
  'one that was started without a supervisor, by the script of before, is taken over as it runs',
  async () => {
    const traefik = await supervised();
    await traefik.start();
    traefik.killLookout();
    const process = traefik.id('pid');
    // As that script wrote it down.
    writeFileSync(traefik.file('pid'), `${process}\n`);
    for (const name of ['supervisor', 'lock']) rmSync(traefik.file(name));
    expect(await traefik.control('keep')).toEqual(done);
    await until(() => traefik.id('supervisor') !== undefined);
    expect(await traefik.process()).toEqual(done);
    expect(await traefik.weights(3)).toEqual(done);
    expect(traefik.id('pid')).toBe(process);
    traefik.kill('pid');
    await until(() => traefik.serves());
    await traefik.remove();
  },
);

test.concurrent('its log is moved away at 10 MB, and goes on', async () => {
  const traefik = await supervised();
  await traefik.start();
  const process = traefik.id('pid');
  appendFileSync(traefik.file('log'), `${'x'.repeat(99)}\n`.repeat(100_001));
  await until(() => statSync(traefik.file('log')).size < 1_000_000);
  expect(statSync(traefik.file('log.before')).size).toBeGreaterThan(10_000_000);
  expect((await traefik.weights(1.5)).stderr).toContain('strconv.ParseInt: parsing');
  expect(traefik.text('log')).toMatch(/^\d{4}-.* ERR /m);
  expect(traefik.id('pid')).toBe(process);
  await traefik.remove();
});

/** Programs that write down what they are asked for, to be found before the real ones. */
function standIns(folder: string, scripts: Readonly<Record<string, string>>): string {
  const programs = path.join(folder, 'bin');
  mkdirSync(programs);
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(path.join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(programs, name), 0o755);
  }
  return `PATH=${programs}:${process.env['PATH'] ?? ''}`;
}

const systemctl = (folder: string): string => `
echo "$*" >> ${folder}/calls
[ "$1" != --user ] || shift
case $1 in
  is-system-running) echo running ;;
  start) setsid sh ${folder}/traefik-east/control supervise > /dev/null 2>&1 & ;;
esac`;

const unitText = (
  folder: string,
  target: string,
): string => `# Written by ${folder}/control, and removed by it.
[Unit]
Description=What casper runs in ${folder}
After=network-online.target
Wants=network-online.target
RequiresMountsFor=${folder}
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh ${folder}/control supervise
Restart=always
RestartSec=1
# The process outlives its supervisor, and the next one takes it on.
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=${target}
`;

const unitOf = (traefik: Supervised): string => `casper${traefik.folder.replaceAll('/', '.')}.service`;

test.concurrent('where the machine has systemd, root’s supervisor is a unit of it', async () => {
  const folder = root();
  const units = path.join(folder, 'units');
  mkdirSync(units);
  mkdirSync('/etc/systemd/system', { recursive: true });
  const bind = `mount --bind ${units} /etc/systemd/system && exec "$@"`;
  // Where these tests run, root may not look at the first process.
  const programs = standIns(folder, { systemctl: systemctl(folder), readlink: 'echo the network of all' });
  const traefik = await supervised(['unshare', '--mount', 'env', programs, 'sh', '-c', bind, 'sh'], folder);
  const calls = (): string[] => readFileSync(path.join(folder, 'calls'), 'utf8').trim().split('\n');
  const unit = unitOf(traefik);
  await traefik.start();
  expect(readFileSync(path.join(units, unit), 'utf8')).toBe(unitText(traefik.folder, 'multi-user.target'));
  expect(calls()).toEqual(['is-system-running', 'daemon-reload', `enable --quiet ${unit}`, `start ${unit}`]);
  expect((await traefik.control('status')).stdout).toContain('systemd starts it with the machine');
  await traefik.remove();
  expect(calls().slice(-3)).toEqual([`stop ${unit}`, `disable --quiet ${unit}`, 'daemon-reload']);
  expect(existsSync(path.join(units, unit))).toBe(false);
});

test.concurrent(
  'a user’s is one of the user’s own manager, if that outlives logins; else cron’s',
  async () => {
    const folder = root();
    const crontab = path.join(folder, 'crontab');
    writeFileSync(crontab, '# mine\n0 5 * * * true\n');
    const programs = standIns(folder, {
      systemctl: systemctl(folder),
      id: '[ "$1" = -u ] && echo 1000 || echo somebody',
      loginctl: `[ -f ${folder}/lingers ] && echo yes`,
      crontab: `if [ "$1" = -l ]; then cat ${crontab}; else cat > ${crontab}.new && mv ${crontab}.new ${crontab}; fi`,
    });
    const traefik = await supervised(['env', programs, `XDG_CONFIG_HOME=${folder}/config`], folder);
    const unit = path.join(folder, 'config/systemd/user', unitOf(traefik));
    const line = `@reboot setsid sh ${traefik.folder}/control supervise\n`;
    await traefik.start();
    expect(existsSync(unit)).toBe(false);
    expect(readFileSync(crontab, 'utf8')).toBe(`# mine\n0 5 * * * true\n${line}`);
    expect((await traefik.control('status')).stdout).toContain('cron starts it with the machine');
    const process = traefik.id('pid');
    writeFileSync(path.join(folder, 'lingers'), '');
    expect(await traefik.control('keep')).toEqual(done);
    await until(() => traefik.id('supervisor') !== undefined);
    expect(traefik.id('pid')).toBe(process);
    expect(readFileSync(unit, 'utf8')).toBe(unitText(traefik.folder, 'default.target'));
    expect(readFileSync(path.join(folder, 'calls'), 'utf8')).toContain(`--user start ${unitOf(traefik)}\n`);
    expect(readFileSync(crontab, 'utf8')).toBe('# mine\n0 5 * * * true\n');
    await traefik.remove();
    expect(existsSync(unit)).toBe(false);
  },
);

test.concurrent(
  'a network of its own is no machine of its own: neither systemd nor cron of the machine is used',
  async () => {
    const folder = root();
    const asked = `echo asked >> ${folder}/asked; echo running`;
    const programs = standIns(folder, { systemctl: asked, crontab: `echo "$*" >> ${folder}/crontab` });
    const loopback = 'ip link set lo up && exec "$@"';
    const traefik = await supervised(
      ['unshare', '--net', 'env', programs, 'sh', '-c', loopback, 'sh'],
      folder,
    );
    // Each command has a network of its own here, so that the next would not reach it.
    expect(await traefik.process()).toEqual(done);
    expect(traefik.id('supervisor')).toBeDefined();
    expect(existsSync(path.join(folder, 'asked'))).toBe(false);
    await traefik.remove();
    expect(readFileSync(path.join(folder, 'crontab'), 'utf8')).not.toContain('- ');
  },
);
