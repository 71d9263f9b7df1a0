import { Agent, request } from 'undici';
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

/** A Prometheus that is not open to everybody. */
export interface GuardedPrometheus {
  /** Without /api. */
  readonly url: string;
  /** Certificates, PEM, of who may have signed its own; the authorities that Node knows when absent. */
  readonly authority?: string | undefined;
  readonly login?: { readonly user: string; readonly password: string } | undefined;
}

/** Where a Prometheus is asked: its address, without /api, where that is all it takes. */
export type PrometheusAt = string | GuardedPrometheus;

/** Its address, for messages: no secret is in it. */
export function urlOf(at: PrometheusAt): string {
  return typeof at === 'string' ? at : at.url;
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
 * @param selector series to give, as in up{job="traefik"}
 * @throws PrometheusError when it does not answer properly within `timeoutMs`
 */
export async function rawSamples(
  at: PrometheusAt,
  selector: string,
  windowMs: number,
  { untilMs, timeoutMs = timeoutFor(windowMs) }: RawOptions = {},
): Promise<Series[]> {
  const form = {
    query: `${selector}[${Math.ceil(windowMs)}ms]`,
    ...(untilMs !== undefined && { time: String(untilMs / 1000) }),
  };
  const { status, body } = await post(at, 'api/v1/query', form, timeoutMs);
  return samplesIn(body, status, urlOf(at), selector);
}

interface RawOptions {
  /** Unix time at which the window ends; Prometheus' own clock when absent. */
  readonly untilMs?: number;
  /** `timeoutFor` the window when absent. */
  readonly timeoutMs?: number;
}

/** How long the samples of a window may take: 5 s, and of an hour a minute more on a machine that is busy. */
export function timeoutFor(windowMs: number): number {
  return 5000 + Math.ceil(windowMs / 60);
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
 * @throws PrometheusError when it does not answer properly within `timeoutMs`
 */
export async function evaluate(
  at: PrometheusAt,
  query: string,
  { fromMs, toMs, stepMs }: Moments,
  timeoutMs: number,
): Promise<{ readonly series: readonly Evaluated[]; readonly clockMs: number | null }> {
  const [start, end, step] = [fromMs, toMs, stepMs].map((ms) => String(ms / 1000));
  const answer = await post(
    at,
    'api/v1/query_range',
    { query, start: start ?? '', end: end ?? '', step: step ?? '' },
    timeoutMs,
  );
  const series = seriesOf(evaluatedReply, answer, urlOf(at), query);
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
  if (status === 401) throw new PrometheusError(refusedLogin(url));
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
  at: PrometheusAt,
  path: string,
  form: Record<string, string>,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const base = urlOf(at);
  const url = new URL(path, base.endsWith('/') ? base : `${base}/`);
  try {
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      headers: { ...loginHeaders(at), 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      signal: AbortSignal.timeout(timeoutMs),
      ...trusting(at),
    });
    const clockMs = Date.parse(String(headers['date']));
    return {
      status: statusCode,
      body: await body.text(),
      clockMs: Number.isNaN(clockMs) ? null : clockMs,
    };
  } catch (error) {
    throw new PrometheusError(
      isDistrust(error)
        ? distrusted(url.origin, error)
        : `No Prometheus answers at ${url.origin}: ${reasonOf(error)}`,
    );
  }
}

/** In words: it does not take the user and the password. */
export function refusedLogin(url: string): string {
  return `${url} refuses the user and the password, or wants them and was given none: correct casper:hosts[].prometheus.login, or the variable that holds the password`;
}

/** In words: its certificate is nobody's that is trusted. */
export function distrusted(url: string, error: unknown): string {
  return `${url} shows a certificate that is not trusted: ${reasonOf(error)}; name who has signed it in casper:hosts[].prometheus.tls.authorityFile, and see that it is for that address`;
}

/** Whether it was the certificate that kept a connection from being made. */
export function isDistrust(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT)/.test(code ?? '');
}

/** The user and the password as a header; none where it wants none. */
export function loginHeaders(at: PrometheusAt): Record<string, string> {
  const login = typeof at === 'string' ? undefined : at.login;
  if (!login) return {};
  const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64');
  return { authorization: `Basic ${basic}` };
}

/** Connections by whom they trust: they are kept from one query to the next. */
const agents = new Map<string, Agent>();

/** Options of a request to one whose certificate an authority of its own has signed. */
export function trusting(at: PrometheusAt): { readonly dispatcher?: Agent } {
  const ca = typeof at === 'string' ? undefined : at.authority;
  if (ca === undefined) return {};
  const dispatcher = agents.get(ca) ?? new Agent({ connect: { ca } });
  agents.set(ca, dispatcher);
  return { dispatcher };
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
