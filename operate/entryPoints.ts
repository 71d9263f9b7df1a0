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

/** Long enough for a Traefik that is busy; one that died refuses at once. */
const answerWithinMs = 2000;

/** Origins whose entry point gives no answer; any status is one. */
export async function silentOrigins(config: StackConfig): Promise<string[]> {
  const asked = await Promise.all(
    Object.entries(entryPointUrls(config)).map(async ([origin, url]) => {
      try {
        await (
          await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(answerWithinMs) })
        ).body?.cancel();
        return [];
      } catch {
        return [origin];
      }
    }),
  );
  return asked.flat();
}
