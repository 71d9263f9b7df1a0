import { connect } from 'node:net';
import type { StackConfig } from '../stack/stackConfig';

type Region = StackConfig['regions'][number];

/** A region that requests come in at, and the address of the host that its Traefik runs on. */
export interface Origin {
  readonly name: string;
  readonly traefik: NonNullable<Region['traefik']>;
  readonly address: string;
}

/** The regions of a stack that have a Traefik; none for a stack without a request path. */
export function originsOf({ regions, hosts }: StackConfig): Origin[] {
  return regions.flatMap(({ name, traefik }) => {
    const address = hosts.find((host) => host.name === traefik?.host)?.address;
    return traefik && address !== undefined ? [{ name, traefik, address }] : [];
  });
}

/** URL that an origin's requests come in at. */
export function entryPointUrl({ traefik, address }: Origin): string {
  return `http://${address}:${traefik.entryPointPort}/`;
}

/** Long enough for a machine that is busy; where a Traefik has died the connection is refused at once. */
const answerWithinMs = 2000;

/** Origins whose entry point takes no connection. Nothing is sent, so nothing is counted as a request. */
export async function silentOrigins(config: StackConfig): Promise<string[]> {
  const asked = await Promise.all(
    originsOf(config).map(async (origin) => ({
      origin: origin.name,
      takes: await takesConnection(entryPointUrl(origin)),
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
