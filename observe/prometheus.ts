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

/** A series of what a query evaluates to. */
export interface Evaluated {
  readonly labels: Readonly<Record<string, string>>;
  /** In the order of time, Unix ms; null where the value is no finite number. Moments without a value are not there. */
  readonly points: readonly { readonly atMs: number; readonly value: number | null }[];
}

/** Moments, at equal steps from the first to the last. */
export interface Moments {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
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

/** A quotient may be NaN or infinite, where a scraped counter may not. */
const point = z.tuple([z.number(), z.string()]).transform(([seconds, text]) => {
  const value = text.trim() === '' ? NaN : Number(text);
  return { atMs: Math.round(seconds * 1000), value: Number.isFinite(value) ? value : null };
});

function replyWith<T>(values: z.ZodType<T>) {
  return z.discriminatedUnion('status', [
    z.object({
      status: z.literal('success'),
      data: z.object({
        resultType: z.literal('matrix'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(values) })),
      }),
    }),
    z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
  ]);
}
const rawReply = replyWith(sample);
const evaluatedReply = replyWith(point);

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
  const form = { query: `${selector}[${Math.ceil(windowMs)}ms]` };
  const { status, body } = await post(url, 'api/v1/query', form, timeoutMs);
  return samplesIn(body, status, url, selector);
}

/**
 * The samples of an answer; pure.
 * @throws PrometheusError where it is none, or a refusal
 */
export function samplesIn(body: string, status: number, url: string, selector: string): Series[] {
  return seriesOf(rawReply, { status, body }, url, selector).map(({ metric, values }) => ({
    labels: metric,
    samples: values,
  }));
}

/**
 * What a query evaluates to at some moments, and the time of the answer by Prometheus' clock, null where it does not say.
 * @param url of Prometheus, without /api
 * @throws PrometheusError when it does not answer properly within `timeoutMs`
 */
export async function evaluate(
  url: string,
  query: string,
  { fromMs, toMs, stepMs }: Moments,
  timeoutMs: number,
): Promise<{ readonly series: readonly Evaluated[]; readonly clockMs: number | null }> {
  const [start, end, step] = [fromMs, toMs, stepMs].map((ms) => String(ms / 1000));
  const answer = await post(
    url,
    'api/v1/query_range',
    { query, start: start ?? '', end: end ?? '', step: step ?? '' },
    timeoutMs,
  );
  const series = seriesOf(evaluatedReply, answer, url, query);
  return {
    series: series.map(({ metric, values }) => ({ labels: metric, points: values })),
    clockMs: answer.clockMs,
  };
}

function seriesOf<T>(
  schema: ReturnType<typeof replyWith<T>>,
  { status, body }: Pick<HttpAnswer, 'status' | 'body'>,
  url: string,
  query: string,
): { metric: Record<string, string>; values: T[] }[] {
  const parsed = schema.safeParse(parseJson(body));
  if (!parsed.success) {
    throw new PrometheusError(
      status < 300
        ? `${url} gives what is no answer of Prometheus: ${z.prettifyError(parsed.error).split('\n')[0] ?? ''}; correct the address`
        : `${url} answers with status ${status}; look into the log of Prometheus`,
    );
  }
  if (parsed.data.status === 'error') {
    throw new PrometheusError(
      `Prometheus at ${url} refuses ${query}: ${parsed.data.errorType}: ${parsed.data.error}`,
    );
  }
  return parsed.data.data.result;
}

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly clockMs: number | null;
}

async function post(
  base: string,
  path: string,
  form: Record<string, string>,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const url = new URL(path, base.endsWith('/') ? base : `${base}/`);
  try {
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const clockMs = Date.parse(String(headers['date']));
    return {
      status: statusCode,
      body: await body.text(),
      clockMs: Number.isNaN(clockMs) ? null : clockMs,
    };
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
