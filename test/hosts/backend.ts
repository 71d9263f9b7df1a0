import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web service on loopback that answers its name and the path it was asked for. */
export class Backend {
  private constructor(
    private readonly server: Server,
    public readonly url: string,
  ) {}

  /** @param port a free one when absent */
  static async start(name: string, port = 0): Promise<Backend> {
    const server = createServer((asked, answer) => answer.end(`${name} ${asked.url ?? ''}`));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new Backend(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Asks for a path exactly as it is written; `fetch` would tidy it up. */
export async function ask(address: string, path = '/'): Promise<Answer> {
  const [host, port] = address.split(':');
  return await new Promise((resolve, reject) => {
    request({ host, port, path, agent: false }, (response) => {
      let body = '';
      response.on('data', (piece: Buffer) => (body += piece.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

/** How many of some requests each backend answered, by its name. */
export async function shares(address: string, requests: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let sent = 0; sent < requests; sent++) {
    const { status, body } = await ask(address);
    const by = status === 200 ? (body.split(' ')[0] ?? '') : `status ${status}`;
    counts[by] = (counts[by] ?? 0) + 1;
  }
  return counts;
}

/** Requests that are sent, eight at a time, while some work is done: how many, and what went wrong with any. */
export async function loadDuring(
  address: string,
  work: Promise<unknown>,
): Promise<{ sent: number; failures: string[] }> {
  const failures: string[] = [];
  let sent = 0;
  let over = false;
  const done = work.finally(() => (over = true));
  const client = async (): Promise<void> => {
    while (!over) {
      sent += 1;
      const outcome = await ask(address).then(
        ({ status }) => (status === 200 ? undefined : `status ${status}`),
        (error: unknown) => String(error),
      );
      if (outcome !== undefined) failures.push(outcome);
    }
  };
  await Promise.all([done, ...Array.from({ length: 8 }, client)]);
  return { sent, failures };
}
