import { connect } from 'node:net';
import { entryPointUrl, originsOf } from '../stack/requestPath';
import type { StackConfig } from '../stack/stackConfig';

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
