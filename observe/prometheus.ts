import { request } from 'undici';
import { z } from 'zod';

/** One raw sample of a series. */
export interface Sample {
  /** Unix time in ms at which Prometheus began the scrape; the same for all series of a target. */
  readonly atMs: number;
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of time. */
  readonly samples: readonly Sample[];
}

/** Prometheus is away, refuses a query, or answers what is no answer; the message says which. */
export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
}

const sample = z
  .tuple([
    z.number(),
    z
      .string()
      .regex(/^[-+\d.e]+$/i)
      .transform(Number)
      .pipe(z.number()),
  ])
  .transform(([seconds, value]): Sample => ({ atMs: Math.round(seconds * 1000), value }));

const reply = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(sample) })),
    }),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);

/**
 * Raw samples of the last `windowMs`, as they were scraped: an instant query with a range selector, since
 * `query_range`, `rate` and `increase` interpolate.
 * @param url of Prometheus, without /api
 * @param selector series to give, as in up{job="traefik"}
 * @throws PrometheusError when it does not answer properly within `timeoutMs`
 */
export async function rawSamples(
  url: string,
  selector: string,
  windowMs: number,
  timeoutMs = 5000,
): Promise<Series[]> {
  const { status, body } = await post(
    new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`),
    { query: `${selector}[${Math.ceil(windowMs)}ms]` },
    timeoutMs,
  );
  return samplesIn(body, status, url, selector);
}

/**
 * The samples of an answer; pure.
 * @throws PrometheusError where it is none, or a refusal
 */
export function samplesIn(text: string, status: number, url: string, selector: string): Series[] {
  const parsed = reply.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new PrometheusError(
      status < 300
        ? `${url} gives what is no answer of Prometheus: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}; correct the address`
        : `${url} answers with status ${status}; look into the log of Prometheus`,
    );
  }
  if (parsed.data.status === 'error') {
    throw new PrometheusError(
      `Prometheus at ${url} refuses ${selector}: ${parsed.data.errorType}: ${parsed.data.error}`,
    );
  }
  return parsed.data.data.result.map(({ metric, values }) => ({ labels: metric, samples: values }));
}

async function post(
  url: URL,
  form: Record<string, string>,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: statusCode, body: await body.text() };
  } catch (error) {
    throw new PrometheusError(`No Prometheus answers at ${url.origin}: ${reasonOf(error)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The code of a refused connection says more than its message; other errors have words. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : message;
}
