import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A real HTTP server on a port of its own on loopback; keeps what it was asked. */
export interface LoopbackServer {
  readonly url: string;
  readonly requests: { readonly atMs: number; readonly path: string; readonly from: string }[];
  readonly connections: number;
}

const open: (() => Promise<void>)[] = [];

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** @param answer ends with status 200 and a body when absent */
export async function startServer(
  answer: Answer = (response) => response.end('x'.repeat(2700)),
): Promise<LoopbackServer> {
  const requests: LoopbackServer['requests'] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push({
      atMs: Date.now(),
      path: request.url ?? '',
      from: request.socket.remoteAddress ?? '',
    });
    answer(response, request);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  open.push(
    () =>
      new Promise((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      }),
  );
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    get connections() {
      return connections;
    },
  };
}

/** A port of loopback on which nothing listens. */
export async function closedPort(): Promise<string> {
  const { url } = await startServer();
  await open.pop()?.();
  return url;
}

export async function stopServers(): Promise<void> {
  await Promise.all(open.splice(0).map((stop) => stop()));
}
