import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import { apiError, UnreachableError } from './apiErrors';
import { authenticatorFor, type Authenticate } from './credentials';
import type { Target } from './kubeconfig';
import type { PropertyMap } from '../provider/properties';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path below the server's address, beginning with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** Type of the body; JSON when absent. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for the answer to begin, in milliseconds; a minute when absent. */
  readonly timeoutMs?: number;
}

export interface ApiResponse {
  readonly body: PropertyMap;
  /** What the server warns of, such as a deprecated version. */
  readonly warnings: string[];
}

/** Requests to the API server of a target. Objects come as the server sends them. */
export class ApiClient {
  // One pool of connections that stay open; the library's agents open one a request.
  private readonly agent: http.Agent;
  private readonly server: URL;
  private readonly authenticate: Authenticate;

  constructor(private readonly target: Target) {
    this.server = new URL(target.cluster.server);
    const Agent = this.server.protocol === 'http:' ? http.Agent : https.Agent;
    this.agent = new Agent({ keepAlive: true, maxSockets: 64 });
    this.authenticate = authenticatorFor(target);
  }

  /** Sends a request. Throws {@link ApiError} when it is refused and {@link UnreachableError} when no answer comes. */
  async request(request: ApiRequest): Promise<ApiResponse> {
    const { response, done } = await this.open(request);
    response.setEncoding('utf8');
    let text = '';
    try {
      for await (const part of response) text += part as string;
    } catch (error) {
      throw this.unreachable(error);
    } finally {
      done();
    }
    if ((response.statusCode ?? 0) >= 400) throw apiError(response.statusCode ?? 0, text);
    const warnings = [response.headers['warning'] ?? []].flat().flatMap(warningTexts);
    return { body: JSON.parse(text || '{}') as PropertyMap, warnings };
  }

  /** The lines of an answer that goes on, each a JSON object, until the server ends it or the signal does. */
  async *stream(request: ApiRequest): AsyncGenerator<PropertyMap> {
    const { response, done } = await this.open(request);
    try {
      if ((response.statusCode ?? 0) >= 400) {
        let text = '';
        for await (const part of response) text += String(part);
        throw apiError(response.statusCode ?? 0, text);
      }
      for await (const line of createInterface(response)) yield JSON.parse(line) as PropertyMap;
    } finally {
      done();
      response.destroy();
    }
  }

  private async open(request: ApiRequest): Promise<{ response: http.IncomingMessage; done: () => void }> {
    const url = new URL(this.server);
    url.pathname = `${url.pathname.replace(/\/$/, '')}${request.path}`;
    for (const [key, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) url.searchParams.set(key, value);
    }
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const options: https.RequestOptions = { method: request.method };
    await this.authenticate(options);
    // A proxy brings an agent of its own.
    options.agent ??= this.agent;
    options.headers = {
      ...(options.headers as http.OutgoingHttpHeaders),
      accept: 'application/json',
      'user-agent': 'pulumi-resource-kubernetes (stand-in)',
      ...(body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          }),
    };
    if (request.signal) options.signal = request.signal;
    return await new Promise((resolve, reject) => {
      const send = url.protocol === 'http:' ? http.request : https.request;
      const outgoing = send(url, options);
      const timeoutMs = request.timeoutMs ?? 60_000;
      const timer = setTimeout(() => {
        outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      outgoing.on('error', (error) => {
        clearTimeout(timer);
        reject(this.unreachable(error));
      });
      outgoing.on('response', (response) => {
        clearTimeout(timer);
        resolve({
          response,
          done: () => {
            clearTimeout(timer);
          },
        });
      });
      outgoing.end(body);
    });
  }

  private unreachable(error: unknown): UnreachableError {
    const cause = error instanceof Error ? error : new Error(String(error));
    const reason = cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
    return new UnreachableError(
      `the API server ${this.server.origin} (context "${this.target.contextName}") gives no answer: ${reason}`,
      {
        cause,
      },
    );
  }
}

/** The texts of a Warning header: `299 - "text", 299 - "text"`. */
function warningTexts(header: string): string[] {
  return [...header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1'),
  );
}
