import { z } from 'zod';
import type { SourceConfig, SourceConfigOf } from '../stack/stackConfig';
import { pauseBeforeRetry } from './backOff';
import { SignalError, type FaultKind } from './fault';
import { quote } from './secrets';
import type { Surroundings } from './surroundings';

/** One GET of a source. */
export interface Question {
  /** Name of the source in the stack file. */
  readonly source: string;
  /** Credentials go into headers: the address stands in messages. */
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** What must not get into a message, should an answer echo it. */
  readonly secrets: readonly string[];
  /** Bound of one attempt, until the last byte. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** How the provider words it where the account's plan does not include what is asked. */
  readonly planRefusal?: RegExp;
}

/** A source that is asked over HTTP. */
type AskedSource = Exclude<SourceConfig, SourceConfigOf<'recorded'>>;

/** A question to a source as the stack file sets it up, without credentials. */
export function questionTo(
  { name, timeoutSeconds, attempts }: Pick<AskedSource, 'name' | 'timeoutSeconds' | 'attempts'>,
  url: URL,
): Question {
  return { source: name, url, secrets: [], timeoutMs: timeoutSeconds * 1000, attempts };
}

export interface JsonAnswer {
  readonly body: unknown;
  /** From the answer's cache-control. */
  readonly lifetimeSeconds?: number;
}

/** A day of five-minute values takes 50 kB. */
const maxBodyBytes = 4 * 1024 * 1024;

/** With a clock that is further off, ages and intervals would be wrong. */
const maxClockDifferenceMs = 10 * 60_000;

/** Longer lifetimes than that are a mistake: every provider has new values within the hour. */
const longestLifetimeSeconds = 3600;

/** How long a source is left alone that asks for it, at most. */
const longestRetryAfterSeconds = 24 * 3600;

/**
 * Asks a source, again after a pause where that may help.
 * @throws SignalError of the last attempt
 */
export async function askJson(question: Question, surroundings: Surroundings): Promise<JsonAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOnce(question, surroundings);
    } catch (error) {
      if (!(error instanceof SignalError) || attempt >= question.attempts) throw error;
      const pauseMs = pauseBeforeRetry(error, attempt, {
        nowMs: surroundings.nowMs(),
        random: surroundings.random(),
      });
      if (pauseMs === undefined) throw error;
      await surroundings.pause(pauseMs);
    }
  }
}

/** An address under a base, which may have a path of its own. */
export function under(baseUrl: string, path: string): URL {
  return new URL(path, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
}

/** The source and the address, as they stand in messages. */
export function placeOf({ source, url }: Pick<Question, 'source' | 'url'>): string {
  return `${source}, ${url.origin}${url.pathname}${url.search}`;
}

/**
 * Checks the shape of an answer.
 * @throws SignalError
 */
export function parseAnswer<T>(
  schema: z.ZodType<T>,
  { body }: JsonAnswer,
  question: Pick<Question, 'source' | 'url'>,
): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new SignalError(
    'other shape',
    `${placeOf(question)}: not the documented answer: ${first ? `${first.path.map(String).join('.')}: ${first.message}` : ''}; check baseUrl`,
  );
}

async function askOnce(question: Question, { nowMs }: Surroundings): Promise<JsonAnswer> {
  const place = placeOf(question);
  const signal = AbortSignal.timeout(question.timeoutMs);
  const slow = (): SignalError =>
    new SignalError('slow', `${place}: no whole answer within ${question.timeoutMs / 1000} s`);
  let response: Response;
  try {
    response = await fetch(question.url, {
      headers: { accept: 'application/json', ...question.headers },
      // A credential must not follow to wherever an answer points.
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw slow();
    throw new SignalError('unreachable', `${place}: no connection: ${reasonOf(error, question.secrets)}`);
  }
  let text: string;
  try {
    text = await readText(response, place);
  } catch (error) {
    if (error instanceof SignalError) throw error;
    if (signal.aborted) throw slow();
    throw new SignalError('torn', `${place}: the answer breaks off: ${reasonOf(error, question.secrets)}`);
  }
  refuseStatus(response, text, question, nowMs());
  refuseClock(response, place, nowMs());
  const lifetimeSeconds = lifetimeOf(response);
  return {
    body: parseJson(response, text, place),
    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
  };
}

/** The code of a refused connection says more than its message; the cause of "fetch failed" says why it did. */
function reasonOf(error: unknown, secrets: readonly string[]): string {
  const { cause } = error as { cause?: unknown };
  const { code, message } = (cause ?? error) as NodeJS.ErrnoException;
  return quote(typeof code === 'string' ? code : message, secrets);
}

async function readText(response: Response, place: string): Promise<string> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) {
      throw new SignalError(
        'too long',
        `${place}: the answer has over ${maxBodyBytes / 1024 / 1024} MiB; check baseUrl`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

const kindOfStatus: Readonly<Record<number, FaultKind>> = {
  204: 'no content',
  401: 'unauthorised',
  403: 'unauthorised',
  404: 'not found',
  410: 'gone',
  429: 'rate limited',
};

const remedies: Partial<Record<FaultKind, string>> = {
  'no content': 'it has nothing for that zone and time',
  unauthorised: 'check the credential in the environment',
  'not in the plan': "the account's plan does not include it; take another source for the region",
  'not found': 'check the zone',
  gone: 'the service has ended; take another source',
  redirected: 'set baseUrl to where it has moved to, if that is to be trusted',
};

function refuseStatus({ status, headers }: Response, text: string, question: Question, nowMs: number): void {
  if (status === 200) return;
  const said = quote(wordsOf(text), question.secrets);
  const known = kindOfStatus[status];
  const kind =
    known === 'unauthorised' && question.planRefusal?.test(said)
      ? 'not in the plan'
      : (known ?? (status >= 500 ? 'server error' : status < 400 ? 'redirected' : 'refused'));
  const retryAtMs = status === 429 || status === 503 ? retryAt(headers.get('retry-after'), nowMs) : undefined;
  const remedy =
    retryAtMs === undefined
      ? remedies[kind]
      : `it is not to be asked before ${new Date(retryAtMs).toISOString()}`;
  throw new SignalError(
    kind,
    `${placeOf(question)}: status ${status}${said && `, "${said}"`}${remedy === undefined ? '' : `; ${remedy}`}`,
    retryAtMs,
  );
}

/** What an error says in the fields that the sources use for it: Electricity Maps, NESO, problem details. */
const problem = z.object({
  error: z
    .union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)])
    .optional(),
  message: z.string().optional(),
  detail: z.string().optional(),
  title: z.string().optional(),
});

function wordsOf(text: string): string {
  if (/^\s*</.test(text)) return '';
  try {
    const { error, message, detail, title } = problem.parse(JSON.parse(text));
    return error ?? message ?? detail ?? title ?? '';
  } catch {
    return text;
  }
}

/** A number of seconds, or a date. */
function retryAt(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const atMs = /^\d+$/.test(header) ? nowMs + Number(header) * 1000 : Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.min(atMs, nowMs + longestRetryAfterSeconds * 1000);
}

/** An answer from a cache on the way has the date at which it was made, and its age. */
function refuseClock({ headers }: Response, place: string, nowMs: number): void {
  const madeMs = Date.parse(headers.get('date') ?? '');
  const ageMs = Number(headers.get('age') ?? 0) * 1000;
  if (!Number.isFinite(madeMs + ageMs)) return;
  const differenceMs = nowMs - madeMs - ageMs;
  if (Math.abs(differenceMs) <= maxClockDifferenceMs) return;
  throw new SignalError(
    'wrong clock',
    `${place}: its clock says ${new Date(madeMs + ageMs).toISOString()}, this machine's ${new Date(nowMs).toISOString()}; set the clock, or ages and intervals are wrong`,
  );
}

function lifetimeOf({ headers }: Response): number | undefined {
  const maxAge = /\bmax-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1];
  if (maxAge === undefined) return undefined;
  const left = Number(maxAge) - Number(headers.get('age') ?? 0);
  return left > 0 ? Math.min(left, longestLifetimeSeconds) : undefined;
}

function parseJson({ headers }: Response, text: string, place: string): unknown {
  if (/^\s*</.test(text) || headers.get('content-type')?.includes('html')) {
    throw new SignalError(
      'HTML',
      `${place}: a page and no data, with status 200; check baseUrl, or try later`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    // Some programs write it, though JSON has no such thing.
    if (/[:,[]\s*-?(NaN|Infinity)\b/.test(text)) {
      throw new SignalError('not a number', `${place}: NaN or Infinity among the values`);
    }
    throw new SignalError(
      'torn',
      `${place}: not a whole JSON document in the ${text.length} characters of the answer`,
    );
  }
}
