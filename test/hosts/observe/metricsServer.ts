import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves counters as Traefik does; the test decides what they say. */
export class MetricsServer {
  /** Series by name and labels, as in a_total{code="200"}. */
  private readonly values = new Map<string, number>();
  /** Answers with status 500 while it is true. */
  broken = false;
  scrapes = 0;

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async start(): Promise<MetricsServer> {
    const server = createServer((_, response) => {
      metrics.scrapes++;
      response.statusCode = metrics.broken ? 500 : 200;
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end([...metrics.values].map(([series, value]) => `${series} ${value}\n`).join(''));
    });
    const metrics = new MetricsServer(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return metrics;
  }

  get target(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Counts requests of a service as Traefik v3 does, all with one duration. */
  count(service: string, code: number, requests: number, seconds = 0.02): void {
    const labels = `code="${code}",method="GET",protocol="http",service="${service}@file"`;
    this.add(`traefik_service_requests_total{${labels}}`, requests);
    for (const bound of [0.01, 0.1, 1]) {
      this.add(
        `traefik_service_request_duration_seconds_bucket{${labels},le="${bound}"}`,
        seconds <= bound ? requests : 0,
      );
    }
    this.add(`traefik_service_request_duration_seconds_bucket{${labels},le="+Inf"}`, requests);
    this.add(`traefik_service_request_duration_seconds_sum{${labels}}`, requests * seconds);
  }

  /** As after a restart: no series at all. */
  restart(): void {
    this.values.clear();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private add(series: string, by: number): void {
    this.values.set(series, (this.values.get(series) ?? 0) + by);
  }
}
