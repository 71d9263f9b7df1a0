import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { z } from 'zod';
import { openPlanning, planForStack } from '../../cli/planFromStack';
import { requestRates } from '../../driver/loadSender';
import { requestPathOf } from '../../driver/requestPath';
import { servedTraffic } from '../../driver/verify/servedWeights';
import { CertificateAuthority } from '../../lab/cluster/certificates';
import { hosts, lan } from '../../lab/cluster/nodes';
import { stateDirectory } from '../../lab/places';
import { generateLoadApart } from '../../load/generateLoadApart';
import type { RequestLog } from '../../load/requestLog';
import { originsOf } from '../../stack/requestPath';
import { readStackSettings, setStackValue } from '../../stack/stackFile';
import type { StackConfig } from '../../stack/stackConfig';
import { isoOf, secondsOf } from '../../traces/time';
import { readTrace } from '../../traces/readTrace';
import { plainStep } from '../plainStep';
import { stackInLab } from '../stackInLab';
import { dayIn } from '../traceProblems';
import { labCanaries, prometheusPassword, secretsBelow, secretsIn, type Canaries } from './canaries';
import { CasperCommand, type Ended } from './casperCommand';
import { SmallDisk } from './smallDisk';
import { writeSmallTraces } from './smallTraces';

export const stackName = 'bench-faults';

/** What casper does while a fault happens: applies another plan, runs intervals, or runs them under load of its own. */
export type Work = 'apply' | 'run' | 'loadedRun';

/** What `casper apply --json` prints, as far as it is looked at here. */
const applied = z.object({
  verification: z.array(
    z.object({ region: z.string(), pods: z.array(z.object({ limitMillicores: z.number().nullable() })) }),
  ),
});

/** Share of the trace's requests: some hundred a second, which leaves a small machine room for what is tried on it. */
const shareOfRequests = 0.1;
/** With a tenth of the requests a server, a tenth of the requests has the pods that all of them would have. */
const requestsPerServer = 1;

/** The address that requests come from, which is not the driver's, so that packets of the one can be dropped alone. */
const loadAddress = '192.168.245.253';

/** A change ends within this by casper's own bounds, or is still waited for by the next one. */
const lockedForMs = 120_000;

/** Other casper commands and Pulumi itself keep a change from beginning while they live. */
const isBusy = /is being changed by|Wait for it/;

/** The stack in the lab, under load, and what is known of it as it is left by changes that nothing disturbs. */
export class Stage {
  readonly canaries: Canaries;
  /** By interval: what runs, as an undisturbed change leaves it. */
  private readonly undisturbed = new Map<string, string>();
  /** How long an undisturbed change takes, in ms. */
  usualMs = 0;
  private position = 0;
  private log = '';

  private constructor(
    readonly configFile: string,
    readonly traces: string,
    readonly intervals: readonly [string, string],
    readonly maxLatency: number,
    readonly state: SmallDisk,
    readonly runs: SmallDisk,
    private readonly rates: Readonly<Record<string, number>>,
  ) {
    this.canaries = labCanaries();
  }

  /** Makes the stack, and both of its plans real once. */
  static async set(traces: string, maxLatency: number): Promise<Stage> {
    const folder = path.join(stateDirectory, stackName);
    const state = await SmallDisk.mounted(path.join(folder, 'state'), 256);
    const runs = await SmallDisk.mounted(path.join(folder, 'runs'), 16);
    process.env['PULUMI_BACKEND_URL'] = `file://${state.folder}`;
    process.env['CASPER_PROMETHEUS_PASSWORD'] = prometheusPassword;
    const small = path.join(folder, 'traces');
    writeSmallTraces(traces, small, shareOfRequests);
    const configFile = await stackInLab(stackName, small);
    setStackValue(configFile, { keys: ['casper:capacity', 'requestsPerServer'], value: requestsPerServer });
    await giveLogin(configFile, path.join(folder, 'pki'));
    const trace = readTrace(small);
    const from = dayIn(trace);
    const intervals = [from, isoOf(secondsOf(from) + trace.intervalSeconds)] as const;
    const planning = openPlanning(configFile, small, { policy: 'carbon', maxLatency, alpha: 0.9 });
    const [plan] = await planForStack(planning, from, 1);
    if (!plan) throw new Error('one interval has one plan');
    const stage = new Stage(
      ...([configFile, small, intervals, maxLatency, state, runs, requestRates(plan, 1)] as const),
    );
    await execa('ip', ['address', 'add', `${loadAddress}/${lan.prefix}`, 'dev', lan.name]);
    for (const interval of intervals) {
      const begun = performance.now();
      const ended = await plainStep(`applying ${interval}`, () => stage.apply(interval).ended);
      stage.usualMs = performance.now() - begun;
      const picture = await stage.pictureAfter(ended);
      if (picture === null) throw new Error(`the stack cannot be made: ${ended.stderr}`);
      stage.undisturbed.set(interval, picture);
    }
    stage.position = 1;
    return stage;
  }

  get config(): StackConfig {
    return readStackSettings(this.configFile);
  }

  /** The interval whose plan is not in force. */
  nextInterval(): string {
    return this.intervals[(this.position + 1) % 2] ?? '';
  }

  private get options(): string[] {
    return [
      '--stack',
      stackName,
      '--config-file',
      this.configFile,
      '--traces',
      this.traces,
      '--max-latency',
      String(this.maxLatency),
    ];
  }

  apply(interval: string): CasperCommand {
    return new CasperCommand(['apply', ...this.options, '--at', interval, '--json']);
  }

  /** Begins a change that leads to the interval's plan; a run goes through those before it first. */
  begin(work: Work, interval: string): CasperCommand {
    if (work === 'apply') return this.apply(interval);
    const load = work === 'loadedRun' ? ['--load', '--seconds-per-interval', '30'] : [];
    const count = 1 + this.intervals.indexOf(interval);
    return new CasperCommand([
      ...['run', ...this.options, '--runs', this.runs.folder, '--json'],
      ...['--from', this.intervals[0], '--intervals', String(count), ...load],
    ]);
  }

  /** How long a change takes that nothing disturbs, in ms. */
  usualMsOf(work: Work, interval: string): number {
    // A run previews every change, in half of an update's time.
    return work === 'apply' ? this.usualMs : 1.5 * (1 + this.intervals.indexOf(interval)) * this.usualMs;
  }

  /**
   * Applies the interval's plan. Where another change still lives it is waited for, as its message asks.
   * @returns whether the plan was reached, and whether what runs is as an undisturbed change leaves it
   */
  async reach(
    interval: string,
  ): Promise<{ readonly reached: boolean; readonly equal: boolean; readonly said: string }> {
    const deadline = performance.now() + lockedForMs;
    for (;;) {
      const ended = await this.apply(interval).ended;
      this.note(ended);
      const picture = await this.pictureAfter(ended);
      if (picture !== null) {
        this.position = this.intervals.indexOf(interval);
        const expected = this.undisturbed.get(interval);
        const said = picture === expected ? '' : `runs: ${picture}, expected: ${String(expected)}`;
        return { reached: true, equal: picture === expected && this.config.plan.interval === interval, said };
      }
      const busy = isBusy.test(ended.stderr) && performance.now() < deadline;
      if (!busy) return { reached: false, equal: false, said: ended.stderr.trim().slice(-1500) };
      await sleep(2000);
    }
  }

  /** What runs after an apply that succeeded: the pods' limits and the rows that are served; null where it did not. */
  private async pictureAfter({ exitCode, stdout }: Ended): Promise<string | null> {
    if (exitCode !== 0) return null;
    const { verification } = applied.parse(JSON.parse(stdout));
    const limits = verification.map(({ region, pods }) => [
      region,
      pods.map(({ limitMillicores }) => limitMillicores).sort(),
    ]);
    const rows = await Promise.all(
      originsOf(this.config).map(async (origin) => {
        const { weights, backup } = await servedTraffic(origin);
        return [origin.name, weights, backup];
      }),
    );
    return JSON.stringify([limits, rows]);
  }

  /** Keeps what a command said, for secrets to be looked for in it. */
  note({ exitCode, killedBy, stdout, stderr }: Ended): void {
    console.error(`  casper ended with ${String(killedBy ?? exitCode)}`);
    this.log += stdout + stderr;
  }

  /** Sends requests until it is told to stop. */
  startLoad(): { readonly stop: () => Promise<RequestLog> } {
    const stop = new AbortController();
    const { entryPoints } = requestPathOf(this.config);
    const load = generateLoadApart({
      origins: entryPoints.map((entryPoint) => ({ ...entryPoint, localAddress: loadAddress })),
      intervals: [{ seconds: 1800, requestsPerSecond: this.rates }],
      seed: 1,
      signal: stop.signal,
    });
    // Looked at when it is stopped.
    load.catch(() => undefined);
    return {
      stop: async () => {
        stop.abort();
        return (await load).log;
      },
    };
  }

  /** Secrets in state, records, the stack file, the hosts' logs, and in what casper has said since it was asked last. */
  secrets(): string[] {
    const said = secretsIn(this.log, this.canaries).map((name) => `${name} in what casper said`);
    this.log = '';
    const hosts = path.join(stateDirectory, 'hosts');
    return [
      ...said,
      ...secretsBelow(
        [this.state.folder, this.runs.folder],
        (file) => !file.endsWith('/ballast'),
        this.canaries,
      ),
      ...secretsBelow([hosts], (file) => path.basename(file).startsWith('log'), this.canaries),
      ...secretsIn(readFileSync(this.configFile, 'utf8'), this.canaries).map(
        (name) => `${name} in the stack file`,
      ),
    ];
  }

  /** Operations that Pulumi's state calls pending; null where it cannot be read. */
  pendingOperations(): number | null {
    const file = path.join(this.state.folder, '.pulumi', 'stacks', 'casper', `${stackName}.json`);
    try {
      const state = JSON.parse(readFileSync(file, 'utf8')) as {
        checkpoint: { latest?: { pending_operations?: unknown[] } };
      };
      return state.checkpoint.latest?.pending_operations?.length ?? 0;
    } catch {
      return null;
    }
  }

  /** The locks of the stack, as Pulumi keeps them. */
  locks(): string[] {
    const folder = path.join(this.state.folder, '.pulumi', 'locks', 'organization', 'casper', stackName);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => path.join(folder, name));
  }

  /** The folder of the last run's records. */
  lastRun(): string | undefined {
    const last = readdirSync(this.runs.folder)
      .filter((name) => name !== 'ballast')
      .sort()
      .at(-1);
    return last === undefined ? undefined : path.join(this.runs.folder, last);
  }

  /** Lets go of records that were looked at: the disk is small. */
  forgetRuns(): void {
    for (const name of readdirSync(this.runs.folder))
      rmSync(path.join(this.runs.folder, name), { recursive: true });
  }
}

/** Prometheus asks for a password, so that there is one to lose; that takes https. */
async function giveLogin(configFile: string, folder: string): Promise<void> {
  const [watcher] = hosts;
  const authority = await CertificateAuthority.create('faults', folder);
  const { certificateFile, keyFile } = await authority.issue({
    ...{ name: 'prometheus', commonName: 'prometheus', addresses: [watcher?.address ?? ''] },
  });
  const set = (key: string, value: unknown): void => {
    setStackValue(configFile, { keys: ['casper:hosts', '0', 'prometheus', key], value });
  };
  set('tls', { certificateFile, keyFile, authorityFile: authority.file });
  set('login', { user: 'casper' });
}
