import { request } from 'undici';
import { watcherOf } from '../../stack/requestPath';
import type { StackConfig } from '../../stack/stackConfig';

const answerWithinMs = 5000;

/**
 * Says that the Prometheus of a stack has died: its host refuses the connection. Null where it answers, if only that it
 * is not ready yet; where the stack has none; and where nothing comes back, which a firewall before the driver does too.
 */
export async function silentPrometheus(config: Pick<StackConfig, 'hosts'>): Promise<string | null> {
  const watcher = watcherOf(config);
  if (!watcher) return null;
  const url = `http://${watcher.address}/-/ready`;
  try {
    const { body } = await request(url, {
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
      signal: AbortSignal.timeout(answerWithinMs),
      reset: true,
    });
    await body.dump();
    return null;
  } catch (error) {
    const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    return refused ? `it does not answer at ${url}: ECONNREFUSED` : null;
  }
}
