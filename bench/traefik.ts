import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { execa } from 'execa';
import { dynamicConfig, staticConfig } from '../components/traefikConfig';
import { debianPackages } from '../lab/tools/debianPackages';
import { goTools } from '../lab/tools/goTools';
import { wholeNumber } from './flags';
import { median } from './median';
import { plainStep } from './plainStep';

/**
 * What an origin's Traefik costs: requests/s through one that is configured as OriginProxy does it for a stack file
 * that says nothing of resilience, beside one with the least that splits requests by weight. Both run all the time, and
 * get requests in turns, over loopback; once in front of kiwix-serve, and once of a service that answers at once, which
 * shows Traefik alone. The last line is one JSON object.
 *
 * `healthCheckCpuPercent` is what asking six destinations once a second takes: CPU time a second of an idle Traefik
 * that asks, less that of one that does not, as a share of what casper's takes in its turns in front of kiwix-serve, at
 * `casperRequestsPerSecond`, which is all that the machine carries beside the sender. Checks go on at the same rate
 * whatever the load, so that at a tenth of those requests/s their share is ten times this one; `healthCheckMillicores`
 * is the same without a load to compare it with. The kernel counts by 10 ms: in 20 s, errors of up to 1 millicore.
 */

const weights = { a: 4, b: 2, c: 1 };
/** The three that get no requests while all are there take the share of one that is lost. */
const backup = { a: { b: 1, d: 1 }, b: { c: 1, e: 1 }, c: { a: 1, f: 1 } };
const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const [plainPort, ...ports] = Array.from({ length: 7 + names.length }, (_, index) => 28_100 + index) as [
  number,
  ...number[],
];
/** Ports of a Traefik as casper configures it. */
interface OwnPorts {
  readonly entryPoint: number;
  readonly metrics: number;
  readonly api: number;
}
const portsFrom = (first: number): OwnPorts => ({
  entryPoint: ports[first] ?? 0,
  metrics: ports[first + 1] ?? 0,
  api: ports[first + 2] ?? 0,
});
const [ownPorts, uncheckedPorts] = [portsFrom(0), portsFrom(3)];
const backendPorts = ports.slice(6);
const destinations = Object.fromEntries(
  names.map((name, index) => [name, `http://127.0.0.1:${backendPorts[index] ?? 0}`]),
);
/** What the stack file's schema has where it says nothing: casper:resilience, and casper:service.readinessPath. */
const healthCheck = { path: '/', intervalSeconds: 1, timeoutMs: 2000 };
const idleSeconds = 20;

/** As a person writes it by hand, after the first page of Traefik's documentation: nothing but the row. */
function writePlain(folder: string): string {
  const services = Object.entries(weights).map(
    ([name, weight]) => `          - { name: ${name}, weight: ${weight} }`,
  );
  const servers = Object.keys(weights).map(
    (name) => `    ${name}: { loadBalancer: { servers: [{ url: "${destinations[name] ?? ''}" }] } }`,
  );
  writeFileSync(
    path.join(folder, 'dynamic.yml'),
    `http:
  routers:
    all: { entryPoints: [web], rule: "PathPrefix(\`/\`)", service: row }
  services:
    row:
      weighted:
        services:
${services.join('\n')}
${servers.join('\n')}
`,
  );
  const file = path.join(folder, 'traefik.yml');
  writeFileSync(
    file,
    `entryPoints: { web: { address: "127.0.0.1:${plainPort}" } }
providers: { file: { filename: "${path.join(folder, 'dynamic.yml')}" } }
`,
  );
  return file;
}

/** As casper:resilience.heldReady `limit`, the default, has it; or the same without a health check and what hangs on it. */
function writeOwn(folder: string, { entryPoint, metrics, api }: OwnPorts, checks: boolean): string {
  const args = {
    folder,
    entryPointAddress: `127.0.0.1:${entryPoint}`,
    metricsAddress: `127.0.0.1:${metrics}`,
    apiAddress: `127.0.0.1:${api}`,
    destinations,
    weights,
    ...(checks && { backup, healthCheck }),
  };
  mkdirSync(path.join(folder, 'dynamic'));
  writeFileSync(path.join(folder, 'dynamic', 'weights.yml'), dynamicConfig(args).file);
  const file = path.join(folder, 'traefik.yml');
  writeFileSync(file, staticConfig(args));
  return file;
}

async function requestsPerSecond(port: number, seconds: number): Promise<number> {
  const { stdout } = await execa('wrk', ['-t1', '-c32', `-d${seconds}s`, `http://127.0.0.1:${port}/`]);
  const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1];
  // wrk counts answers that are errors too, and connections that broke, in lines of their own.
  if (rate === undefined || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk says:\n${stdout}`);
  return Number(rate);
}

async function answers(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (response?.ok) return;
    if (tries === 100) throw new Error(`nothing answers on port ${port}; is it taken?`);
    await sleep(100);
  }
}

const backends = {
  kiwix: (folder: string) => {
    const library = path.join(folder, 'library.xml');
    writeFileSync(library, '<library version="20110515"></library>\n');
    return backendPorts.map((port) => execa('kiwix-serve', [`--port=${port}`, '--library', library]));
  },
  instant: () => [execa('node', [path.join(__dirname, 'backend.js'), ...backendPorts.map(String)])],
};

interface Turn {
  plain: number;
  own: number;
}

/** CPU time that a process has used, user and system, in seconds; Linux counts it in hundredths of a second. */
function cpuSeconds(pid: number | undefined): number {
  // Its second field is the program's name in brackets, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [user, system] = [fields[11], fields[12]].map(Number);
  return ((user ?? NaN) + (system ?? NaN)) / 100;
}

/** Millicores that six destinations' health checks take of an otherwise idle Traefik. */
async function healthCheckMillicores(traefik: string): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-'));
  const backend = backends.instant();
  const idle = ([true, false] as const).map((checks) => {
    const own = path.join(folder, String(checks));
    mkdirSync(own);
    return execa(traefik, [`--configFile=${writeOwn(own, checks ? ownPorts : uncheckedPorts, checks)}`]);
  });
  const processes = [...backend, ...idle];
  for (const each of processes) each.catch(() => undefined);
  try {
    await Promise.all([ownPorts, uncheckedPorts].map(({ entryPoint }) => answers(entryPoint)));
    // What a start takes goes on for a while after the first answer.
    await sleep(5000);
    const before = idle.map(({ pid }) => cpuSeconds(pid));
    await sleep(idleSeconds * 1000);
    const [withChecks, without] = idle.map(({ pid }, index) => cpuSeconds(pid) - (before[index] ?? NaN));
    const millicores = (seconds = NaN): number => (1000 * seconds) / idleSeconds;
    console.log(
      `idle: with health checks of ${names.length} destinations ${millicores(withChecks).toFixed(1)} millicores, ` +
        `without ${millicores(without).toFixed(1)}`,
    );
    return millicores(withChecks) - millicores(without);
  } finally {
    for (const each of processes) each.kill();
    await Promise.allSettled(processes);
    rmSync(folder, { recursive: true });
  }
}

async function compare(backend: keyof typeof backends, traefik: string, { rounds, seconds }: Flags) {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-'));
  const [plain, own] = [path.join(folder, 'plain'), path.join(folder, 'own')] as const;
  for (const each of [plain, own]) mkdirSync(each);
  const ownTraefik = execa(traefik, [`--configFile=${writeOwn(own, ownPorts, true)}`]);
  const processes = [
    ...backends[backend](folder),
    execa(traefik, [`--configFile=${writePlain(plain)}`]),
    ownTraefik,
  ];
  for (const each of processes) each.catch(() => undefined);
  try {
    await Promise.all([plainPort, ownPorts.entryPoint].map(answers));
    const turns: Turn[] = [];
    const millicores: number[] = [];
    // The first round warms up, and does not count.
    for (let round = 0; round <= rounds; round++) {
      const turn: Turn = { plain: NaN, own: NaN };
      for (const which of round % 2 === 0 ? (['plain', 'own'] as const) : (['own', 'plain'] as const)) {
        const begunMs = performance.now();
        const before = cpuSeconds(ownTraefik.pid);
        turn[which] = await requestsPerSecond(which === 'own' ? ownPorts.entryPoint : plainPort, seconds);
        if (which === 'own' && round > 0) {
          millicores.push((1e6 * (cpuSeconds(ownTraefik.pid) - before)) / (performance.now() - begunMs));
        }
      }
      if (round > 0) turns.push(turn);
    }
    const result = {
      plainRequestsPerSecond: median(turns.map((turn) => turn.plain)),
      casperRequestsPerSecond: median(turns.map((turn) => turn.own)),
      ratio: median(turns.map((turn) => turn.own / turn.plain)),
      casperMillicores: median(millicores),
    };
    console.log(
      `${backend}: plain ${result.plainRequestsPerSecond.toFixed(0)}/s, casper's ${result.casperRequestsPerSecond.toFixed(0)}/s, ` +
        `ratio ${result.ratio.toFixed(3)}, casper's takes ${result.casperMillicores.toFixed(0)} millicores, in single rounds ${turns.map((turn) => (turn.own / turn.plain).toFixed(2)).join(' ')}`,
    );
    return result;
  } finally {
    for (const each of processes) each.kill();
    await Promise.allSettled(processes);
    rmSync(folder, { recursive: true });
  }
}

interface Flags {
  rounds: number;
  seconds: number;
}

async function main(flags: Flags): Promise<void> {
  await debianPackages(plainStep, ['kiwix-tools', 'wrk']);
  const traefik = (await goTools(plainStep, ['traefik'])).get('traefik') ?? 'traefik';
  const kiwix = await compare('kiwix', traefik, flags);
  const instant = await compare('instant', traefik, flags);
  const checkMillicores = await healthCheckMillicores(traefik);
  console.log(
    JSON.stringify({
      rounds: flags.rounds,
      ...kiwix,
      instantPlainRequestsPerSecond: instant.plainRequestsPerSecond,
      instantCasperRequestsPerSecond: instant.casperRequestsPerSecond,
      instantRatio: instant.ratio,
      healthCheckMillicores: checkMillicores,
      healthCheckCpuPercent: (100 * checkMillicores) / kiwix.casperMillicores,
    }),
  );
}

new Command('bench:traefik')
  .description('Requests/s through an origin’s Traefik beside one with the least configuration')
  .option('--rounds <n>', 'how many count', wholeNumber, 15)
  .option('--seconds <s>', 'how long each turn is', wholeNumber, 2)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
