import { request } from 'undici';
import {
  distrusted,
  isDistrust,
  loginHeaders,
  refusedLogin,
  trusting,
  type PrometheusAt,
} from '../../observe/prometheus';
import { prometheusAt } from '../../observe/prometheusAccess';
import { watcherOf } from '../../stack/requestPath';
import { StackConfigError, type StackConfig } from '../../stack/stackConfig';

const answerWithinMs = 5000;

/**
 * Says why the Prometheus of a stack cannot be read, as far as that is sure: its host refuses the connection, it lets
 * casper in no more, or its certificate is not trusted. Null where it answers, if only that it is not ready yet; where
 * the stack has none; and where nothing comes back, which a firewall before the driver does too.
 */
export async function faultOfPrometheus(config: Pick<StackConfig, 'hosts'>): Promise<string | null> {
  return (await faultOf(config))?.words ?? null;
}

/** Whether it has died: its host refuses the connection. */
export async function hasDied(config: Pick<StackConfig, 'hosts'>): Promise<boolean> {
  return (await faultOf(config))?.died ?? false;
}

async function faultOf(
  config: Pick<StackConfig, 'hosts'>,
): Promise<{ readonly words: string; readonly died: boolean } | null> {
  const watcher = watcherOf(config);
  if (!watcher) return null;
  const url = `${watcher.url}/-/ready`;
  let at: PrometheusAt;
  try {
    at = prometheusAt(watcher);
  } catch (error) {
    if (!(error instanceof StackConfigError)) throw error;
    return { words: error.message, died: false };
  }
  try {
    const { statusCode, body } = await request(url, {
      headers: loginHeaders(at),
      headersTimeout: answerWithinMs,
      bodyTimeout: answerWithinMs,
      signal: AbortSignal.timeout(answerWithinMs),
      reset: true,
      ...trusting(at),
    });
    await body.dump();
    return statusCode === 401 ? { words: refusedLogin(watcher.url), died: false } : null;
  } catch (error) {
    if (isDistrust(error)) return { words: distrusted(watcher.url, error), died: false };
    const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    return refused ? { words: `it does not answer at ${url}: ECONNREFUSED`, died: true } : null;
  }
}
