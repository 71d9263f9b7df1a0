import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { debianProgram } from '../tools';
import { freeAddress, RunningProgram } from './runningProgram';

/**
 * For tests in which every scrape counts. A scrape that takes longer counts as a target that is down; other tests keep the
 * machine busy meanwhile.
 */
export const patientScrapeIntervalMs = 1500;

/** A real Prometheus on loopback with a folder of its own, which scrapes as components/prometheusServer.ts has it. */
export class PrometheusProcess {
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'casper-prometheus-'));
  private program: RunningProgram | undefined;

  private constructor(private readonly address: string) {}

  get url(): string {
    return `http://${this.address}`;
  }

  /**
   * @param targets addresses of Traefiks' metrics by origin
   * @param besides addresses of others' metrics, and text of rules
   */
  static async create(
    targets: Readonly<Record<string, string>>,
    scrapeIntervalMs: number,
    besides: { readonly targets: readonly string[]; readonly rules: string } = { targets: [], rules: '' },
  ): Promise<PrometheusProcess> {
    const prometheus = new PrometheusProcess(await freeAddress());
    writeFileSync(path.join(prometheus.folder, 'rules.yml'), besides.rules);
    writeFileSync(
      path.join(prometheus.folder, 'prometheus.yml'),
      // JSON is YAML.
      JSON.stringify({
        global: {
          scrape_interval: `${scrapeIntervalMs}ms`,
          evaluation_interval: `${scrapeIntervalMs}ms`,
        },
        rule_files: ['rules.yml'],
        scrape_configs: [
          { job_name: 'besides', static_configs: [{ targets: besides.targets }] },
          {
            job_name: 'traefik',
            static_configs: Object.entries(targets).map(([origin, target]) => ({
              targets: [target],
              labels: { origin },
            })),
          },
        ],
      }),
    );
    return prometheus;
  }

  /** Returns once it answers. */
  async start(): Promise<void> {
    this.program = await RunningProgram.start(
      debianProgram('/usr/bin/prometheus', 'prometheus'),
      [
        `--config.file=${path.join(this.folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${path.join(this.folder, 'data')}`,
        `--web.listen-address=${this.address}`,
        '--log.level=warn',
      ],
      `${this.url}/-/ready`,
    );
  }

  /** As when its machine fails. */
  async kill(): Promise<void> {
    await this.program?.end('SIGKILL');
  }

  async remove(): Promise<void> {
    await this.program?.end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
