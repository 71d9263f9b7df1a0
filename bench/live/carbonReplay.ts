import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isoOf } from '../../traces/time';

/** What the source answers when it is asked for a zone: its value, or one of the faults of docs/signals.md. */
export type CarbonAnswer = 'value' | 'null' | 'zero' | 'rateLimited' | 'nothing';

/** What the source knows at one moment. */
export interface CarbonMoment {
  /** Its clock, Unix ms: by it answers are dated. */
  readonly clockMs: number;
  /** gCO2e/kWh by zone. */
  readonly grams: Readonly<Record<string, number>>;
  readonly answerTo: (zone: string) => CarbonAnswer;
}

/** What a local source takes for a token, by the variable that a stack names by default. */
export const credentials = { ELECTRICITY_MAPS_TOKEN: 'any-token' };

const hourMs = 3600_000;

/**
 * A local Electricity Maps: `carbon-intensity/latest` as v4 documents it. It has no forecasts, so that what stands in
 * for a value is what casper knows itself.
 */
export class CarbonReplay {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param now what it knows when it is asked */
  static listen(now: () => CarbonMoment): Promise<CarbonReplay> {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://localhost');
      answer(url, request.headers['auth-token'] !== undefined, now(), response);
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        resolve(new CarbonReplay(server, `http://127.0.0.1:${port}`));
      });
    });
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }
}

function answer(
  { pathname, searchParams }: URL,
  hasToken: boolean,
  { clockMs, grams, answerTo }: CarbonMoment,
  response: ServerResponse,
): void {
  const zone = searchParams.get('zone') ?? '';
  const own = grams[zone];
  const kind = own === undefined ? 'value' : answerTo(zone);
  if (kind === 'nothing') {
    response.destroy();
    return;
  }
  response.setHeader('date', new Date(clockMs).toUTCString());
  if (!hasToken) {
    json(response, 401, { error: 'Invalid auth-token' });
  } else if (kind === 'rateLimited') {
    json(response, 429, { error: 'Too many requests' });
  } else if (pathname !== '/v4/carbon-intensity/latest') {
    json(response, 404, { error: `Not found: ${pathname}` });
  } else if (own === undefined) {
    json(response, 404, { error: `Zone '${zone}' does not exist.` });
  } else {
    const hour = isoOf((Math.floor(clockMs / hourMs) * hourMs) / 1000);
    json(response, 200, {
      zone,
      carbonIntensity: kind === 'null' ? null : kind === 'zero' ? 0 : own,
      datetime: hour,
      updatedAt: hour,
      createdAt: hour,
      emissionFactorType: 'lifecycle',
      flowTraced: true,
      isEstimated: false,
      estimationMethod: null,
      temporalGranularity: 'hourly',
    });
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
