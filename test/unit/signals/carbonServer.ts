import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Surroundings } from '../../../signals/surroundings';
import { signalsSchema, type SignalsConfig } from '../../../stack/signalsSchema';
import { startServer, stopServers } from '../loopbackServer';

/** The time of these tests: 20 minutes into an hour. */
export const now = '2026-08-13T12:20:00Z';
export const nowMs = Date.parse(now);
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** No message and no file may have these in it. */
export const canary = 'canary-token-8d1f';
export const canaryPassword = 'canary-password-77aa';

/** A time so many hours from the hour of now. */
export function hour(from: number, base = nowMs): string {
  return new Date(Math.floor(base / hourMs) * hourMs + from * hourMs).toISOString();
}

type Handler = (url: URL, request: IncomingMessage, response: ServerResponse) => void;

export interface CarbonServer {
  readonly url: string;
  /** Path and query of what was asked. */
  readonly asked: string[];
  /** What the server does with the next request and all after it. */
  answer: Handler;
}

/** A real HTTP server whose clock is the tests'. */
export async function carbonServer(
  answer: Handler,
  clock: () => number = () => nowMs,
): Promise<CarbonServer> {
  const asked: string[] = [];
  const server: CarbonServer = { url: '', asked, answer };
  const { url } = await startServer((response, request) => {
    asked.push(request.url ?? '');
    response.setHeader('date', new Date(clock()).toUTCString());
    server.answer(new URL(request.url ?? '', 'http://localhost'), request, response);
  });
  return Object.assign(server, { url });
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

export function text(response: ServerResponse, body: string, status = 200, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
}

/** As Electricity Maps answers `carbon-intensity/latest`. */
export function latestOf(zone: string, carbonIntensity: unknown, datetime = hour(0)) {
  return {
    zone,
    carbonIntensity,
    datetime,
    updatedAt: hour(0),
    createdAt: hour(-72),
    emissionFactorType: 'lifecycle',
    flowTraced: true,
    isEstimated: true,
    estimationMethod: 'TIME_SLICER_AVERAGE',
    temporalGranularity: 'hourly',
  };
}

/** As Electricity Maps answers `zones` to a token that is for these. */
export function zonesOf(zones: readonly string[]) {
  return Object.fromEntries(
    zones.map((zone) => [zone, { zoneName: zone, access: ['carbon-intensity/latest'] }]),
  );
}

/** As Electricity Maps answers `carbon-intensity/forecast`. */
export function forecastOf(zone: string, values: readonly unknown[], from = 0) {
  return {
    zone,
    forecast: values.map((carbonIntensity, index) => ({ carbonIntensity, datetime: hour(from + index) })),
    updatedAt: hour(0),
  };
}

const folders: string[] = [];

export interface TestSurroundings extends Surroundings {
  /** Pauses that were made, in ms; none takes any time here. */
  readonly pauses: number[];
  /** Moves the clock. */
  later: (ms: number) => void;
}

export function surroundings(environment: Record<string, string> = {}): TestSurroundings {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-signals-'));
  folders.push(folder);
  const pauses: number[] = [];
  let time = nowMs;
  return {
    nowMs: () => time,
    random: () => 0.5,
    pause: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
    environment: {
      ELECTRICITY_MAPS_TOKEN: canary,
      WATTTIME_USER: 'somebody',
      WATTTIME_PASSWORD: canaryPassword,
      ...environment,
    },
    folder,
    pauses,
    later: (ms) => {
      time += ms;
    },
  };
}

export function config(...sources: Record<string, unknown>[]): SignalsConfig {
  return signalsSchema.parse({ sources: sources.map((source) => ({ timeoutSeconds: 1, ...source })) });
}

/** Electricity Maps as the one source, asked once. */
export const maps = (baseUrl: string, more: Record<string, unknown> = {}): SignalsConfig =>
  config({ name: 'maps', kind: 'electricityMaps', baseUrl, attempts: 1, ...more });

export async function cleanUp(): Promise<void> {
  await stopServers();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}
