import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A real Prometheus on a port of loopback, with a folder of its own. */
export class PrometheusProcess {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'casper-prometheus-'));
  private process: ChildProcess | undefined;

  private constructor(private readonly port: number) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async create(targets: readonly string[], scrapeIntervalMs: number): Promise<PrometheusProcess> {
    const prometheus = new PrometheusProcess(await freePort());
    writeFileSync(
      path.join(prometheus.folder, 'prometheus.yml'),
      // JSON is YAML.
      JSON.stringify({
        global: { scrape_interval: `${scrapeIntervalMs}ms`, scrape_timeout: `${scrapeIntervalMs}ms` },
        scrape_configs: [{ job_name: 'traefik', static_configs: [{ targets }] }],
      }),
    );
    return prometheus;
  }

  /** Returns once it answers. */
  async start(): Promise<void> {
    const child = spawn(
      'prometheus',
      [
        `--config.file=${path.join(this.folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(this.folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${this.port}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.process = child;
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', () => {
        reject(new Error('there is no prometheus on PATH; install the Debian package prometheus'));
      });
      child.once('exit', (code) => {
        reject(new Error(`prometheus ended with ${String(code)}: ${log}`));
      });
    });
    failed.catch(() => undefined);
    await Promise.race([this.ready(), failed]);
  }

  /** As a machine that fails: what is not on disk is lost. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (Date.now() < deadline) {
      const response = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (response?.ok) return;
      await sleep(50);
    }
    throw new Error(`prometheus at ${this.url} is not ready after 20 s`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
