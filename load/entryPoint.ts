import { errors, Pool } from 'undici';
import type { Outcome } from './tally';

/** Where the requests of an origin enter. */
export interface LoadOrigin {
  readonly name: string;
  /** http or https, path and query included. */
  readonly url: string;
  /** Address of this machine to send from; the system's choice when absent. */
  readonly localAddress?: string | undefined;
}

/**
 * Sends an origin's requests over connections that stay open from one request to the next, as many at a time as may
 * be. undici takes them up again where the server closes them.
 */
export class EntryPoint {
  private readonly pool: Pool;
  private readonly path: string;
  private underWay = 0;
  private readonly waiting: { readonly sinceMs: number; readonly start: (free: boolean) => void }[] = [];

  constructor(
    { url, localAddress }: LoadOrigin,
    private readonly maxConcurrency: number,
    private readonly timeoutMs: number,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.path = pathname + search;
    this.pool = new Pool(origin, {
      connections: maxConcurrency,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs },
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  /**
   * Sends one request, once a place is free.
   * @param onSent called when it leaves
   * @returns how it ended
   */
  async request(onSent: () => void): Promise<Outcome> {
    if (!(await this.place())) return 'notSent';
    onSent();
    const outcome = await this.exchange();
    this.underWay--;
    this.startWaiting();
    return outcome;
  }

  /** Closes the connections; requests under way end first. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private place(): Promise<boolean> | true {
    if (this.underWay < this.maxConcurrency) {
      this.underWay++;
      return true;
    }
    return new Promise((start) => this.waiting.push({ sinceMs: performance.now(), start }));
  }

  private startWaiting(): void {
    const now = performance.now();
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const free = now - next.sinceMs < this.timeoutMs;
      if (free) this.underWay++;
      next.start(free);
      if (free) return;
    }
  }

  // dispatch and not request: a third less CPU, and nothing of the answer is wanted but its status and end.
  private exchange(): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      let status = 0;
      this.pool.dispatch(
        { path: this.path, method: 'GET', headers },
        {
          onRequestStart() {
            // undici refuses a handler without it.
          },
          onResponseStart(_, statusCode) {
            status = statusCode;
          },
          onResponseData() {
            // Read, or the connection stays taken.
          },
          onResponseEnd() {
            resolve(status);
          },
          onResponseError(_, error) {
            if (error instanceof errors.InvalidArgumentError) reject(error);
            else resolve(isTimeout(error) ? 'timeout' : 'connection');
          },
        },
      );
    });
  }
}

/** Without this header Traefik requests gzip from the service, then decompresses the answer itself. */
const headers = { 'accept-encoding': 'identity' };

function isTimeout(error: Error): boolean {
  return (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError
  );
}
