import { createServer, type Server } from 'node:http';
import type { RunObserver } from '../driver/runObserver';

/** Where metrics are to be served, and they cannot be. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The content type of Prometheus' text exposition format. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers `GET /metrics` as long as a run goes on. */
export class MetricsServer implements RunObserver {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /**
   * @param text what is answered
   * @throws MetricsError
   */
  static listen({ host, port }: ListenAddress, text: () => string): Promise<MetricsServer> {
    const server = createServer((request, response) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.writeHead(405, { allow: 'GET, HEAD' }).end();
      } else if (request.url?.split('?')[0] === '/metrics') {
        response.writeHead(200, { 'content-type': contentType }).end(text());
      } else {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('metrics are at /metrics\n');
      }
    });
    // A run that ends without telling its observers must not be kept from ending.
    server.unref();
    return new Promise((resolve, reject) => {
      server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
        const why = code === 'EADDRINUSE' ? 'something listens there already' : (code ?? message);
        reject(
          new MetricsError(
            `--metrics-listen ${host}:${port}: ${why}; name an address of this machine and a port that is free`,
          ),
        );
      });
      server.listen(port, host, () => {
        const address = server.address();
        const at = typeof address === 'object' ? address?.port : port;
        resolve(new MetricsServer(server, `http://${host.includes(':') ? `[${host}]` : host}:${at}/metrics`));
      });
    });
  }

  async onEnd(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
