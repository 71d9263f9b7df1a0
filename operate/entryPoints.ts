import { connect } from 'node:net';
import type { StackConfig } from '../config';

/** URL of every origin's entry point, by the origin; empty for a stack without a request path. */
export function entryPointUrls({ regions, hosts }: StackConfig): Record<string, string> {
  return Object.fromEntries(
    regions.flatMap(({ name, traefik }) => {
      const address = hosts.find((host) => host.name === traefik?.host)?.address;
      return traefik && address !== undefined ? [[name, `http://${address}:${traefik.entryPointPort}/`]] : [];
    }),
  );
}

/** Long enough for a machine that is busy; where a Traefik has died the connection is refused at once. */
const answerWithinMs = 2000;

/** Origins whose entry point takes no connection. Nothing is sent, so nothing is counted as a request. */
export async function silentOrigins(config: StackConfig): Promise<string[]> {
  const asked = await Promise.all(
    Object.entries(entryPointUrls(config)).map(async ([origin, url]) => ({
      origin,
      takes: await takesConnection(url),
    })),
  );
  return asked.filter(({ takes }) => !takes).map(({ origin }) => origin);
}

function takesConnection(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: answerWithinMs });
    const finish = (takes: boolean) => (): void => {
      socket.destroy();
      resolve(takes);
    };
    socket.once('connect', finish(true)).once('timeout', finish(false)).once('error', finish(false));
  });
}
