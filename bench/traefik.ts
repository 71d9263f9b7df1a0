import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
 * What an origin's Traefik costs: requests/s through one that is configured as TraefikHost does it, beside one with
 * the least that splits requests by weight. Both run all the time, and get requests in turns, over loopback; once in
 * front of kiwix-serve, and once of a service that answers at once, which shows Traefik alone. The last line is one
 * JSON object.
 */

const weights = { a: 4, b: 2, c: 1 };
const [plainPort, ownPort, metricsPort, apiPort, ...backendPorts] = Array.from(
  { length: 7 },
  (_, index) => 28_100 + index,
) as [number, number, number, number, ...number[]];
const destinations = Object.fromEntries(
  Object.keys(weights).map((name, index) => [name, `http://127.0.0.1:${backendPorts[index] ?? 0}`]),
);

/** As a person writes it by hand, after the first page of Traefik's documentation: nothing but the row. */
function writePlain(folder: string): string {
  const services = Object.entries(weights).map(
    ([name, weight]) => `          - { name: ${name}, weight: ${weight} }`,
  );
  const servers = Object.entries(destinations).map(
    ([name, url]) => `    ${name}: { loadBalancer: { servers: [{ url: "${url}" }] } }`,
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

function writeOwn(folder: string): string {
  const args = {
    folder,
    entryPointAddress: `127.0.0.1:${ownPort}`,
    metricsAddress: `127.0.0.1:${metricsPort}`,
    apiAddress: `127.0.0.1:${apiPort}`,
    destinations,
    weights,
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

async function compare(backend: keyof typeof backends, traefik: string, { rounds, seconds }: Flags) {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-bench-'));
  const [plain, own] = [path.join(folder, 'plain'), path.join(folder, 'own')] as const;
  for (const each of [plain, own]) mkdirSync(each);
  const processes = [
    ...backends[backend](folder),
    execa(traefik, [`--configFile=${writePlain(plain)}`]),
    execa(traefik, [`--configFile=${writeOwn(own)}`]),
  ];
  for (const each of processes) each.catch(() => undefined);
  try {
    await Promise.all([plainPort, ownPort].map(answers));
    const turns: Turn[] = [];
    // The first round warms up, and does not count.
    for (let round = 0; round <= rounds; round++) {
      const turn: Turn = { plain: NaN, own: NaN };
      for (const which of round % 2 === 0 ? (['plain', 'own'] as const) : (['own', 'plain'] as const)) {
        turn[which] = await requestsPerSecond(which === 'own' ? ownPort : plainPort, seconds);
      }
      if (round > 0) turns.push(turn);
    }
    const result = {
      plainRequestsPerSecond: median(turns.map((turn) => turn.plain)),
      casperRequestsPerSecond: median(turns.map((turn) => turn.own)),
      ratio: median(turns.map((turn) => turn.own / turn.plain)),
    };
    console.log(
      `${backend}: plain ${result.plainRequestsPerSecond.toFixed(0)}/s, casper's ${result.casperRequestsPerSecond.toFixed(0)}/s, ` +
        `ratio ${result.ratio.toFixed(3)}, in single rounds ${turns.map((turn) => (turn.own / turn.plain).toFixed(2)).join(' ')}`,
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
  console.log(
    JSON.stringify({
      rounds: flags.rounds,
      ...kiwix,
      instantPlainRequestsPerSecond: instant.plainRequestsPerSecond,
      instantCasperRequestsPerSecond: instant.casperRequestsPerSecond,
      instantRatio: instant.ratio,
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
