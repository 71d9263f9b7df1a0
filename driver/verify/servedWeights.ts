import { request } from 'undici';
import { z } from 'zod';
import { backupService, guardedService, ofFile, servicesPath, weightedService } from '../../stack/naming';
import { originsOf, type Origin } from '../../stack/requestPath';
import type { StackConfig } from '../../stack/stackConfig';

/** Whether the Traefik of one origin serves the plan's row of weights, with its backups. */
export interface RowVerification {
  readonly origin: string;
  readonly ok: boolean;
  /** What is wrong, for people; null when nothing is. */
  readonly fault: string | null;
  /** Regions that the Traefik asks for their health, and those of them that do not answer. */
  readonly asked: readonly string[];
  readonly lost: readonly string[];
}

type Row = Readonly<Record<string, number>>;

/** What one Traefik serves. */
export interface ServedTraffic {
  readonly weights: Row;
  /** Weights of the regions that take a destination's share while it is lost, by that destination. */
  readonly backup: Readonly<Record<string, Row>>;
  /** By region that may get requests: whether it answers. */
  readonly answers: Readonly<Record<string, boolean>>;
}

/** Traefik's services; a weight that it leaves out is 1, and a service that it does not ask for its health has no status. */
const servicesSchema = z.array(
  z.object({
    name: z.string(),
    weighted: z
      .object({
        services: z.array(z.object({ name: z.string(), weight: z.number().default(1) })).default([]),
      })
      .optional(),
    loadBalancer: z.object({ healthCheck: z.looseObject({}).optional() }).optional(),
    serverStatus: z.record(z.string(), z.string()).default({}),
  }),
);

/** Long enough for a machine that is busy; where a Traefik has died the connection is refused at once. */
const answerWithinMs = 5000;

/** Asks every origin's Traefik what it serves, and compares that with the stack config's plan. */
export function verifyRows(config: StackConfig): Promise<RowVerification[]> {
  return Promise.all(
    originsOf(config).map(async (origin) => {
      const served = await servedTraffic(origin).catch((error: unknown) => error as Error);
      if (served instanceof Error) {
        const fault = `its Traefik does not tell its weights: ${served.message}`;
        return { origin: origin.name, ok: false, fault, asked: [], lost: [] };
      }
      const fault = compareTraffic(config, origin.name, served);
      return { origin: origin.name, ok: fault === null, fault, ...lossesIn(served) };
    }),
  );
}

/** Regions that a proxy asks for their health, and those of them that do not answer. */
export type ProxyLosses = Pick<RowVerification, 'asked' | 'lost'>;

/** What one proxy finds of its regions. */
export function lossesIn({ answers }: Pick<ServedTraffic, 'answers'>): ProxyLosses {
  const asked = Object.keys(answers);
  return { asked, lost: asked.filter((region) => !answers[region]) };
}

/** Regions that every proxy which asks them calls lost, by name. */
export function lostRegions(rows: readonly ProxyLosses[]): string[] {
  const asked = [...new Set(rows.flatMap((row) => row.asked))].sort();
  return asked.filter((region) =>
    rows.every((row) => !row.asked.includes(region) || row.lost.includes(region)),
  );
}

/** @throws Error when the Traefik does not tell */
export async function servedTraffic({
  metricsAddress,
}: Pick<Origin, 'metricsAddress'>): Promise<ServedTraffic> {
  // All of them on one page.
  const url = `http://${metricsAddress}${servicesPath}?per_page=10000`;
  const limits = { headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs, reset: true };
  const { statusCode, body } = await request(url, limits);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}`);
  return trafficIn(text, url);
}

/**
 * What an answer says that a Traefik serves; pure.
 * @throws Error where it is no list of services
 */
export function trafficIn(text: string, url: string): ServedTraffic {
  const parsed = servicesSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`${url} answers ${text.slice(0, 200)}, expected a list of services`);
  return trafficOf(parsed.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function trafficOf(services: z.infer<typeof servicesSchema>): ServedTraffic {
  const weightsOf = (name: string): Row | undefined => {
    const row = services.find((service) => service.name === ofFile(name))?.weighted;
    return row && Object.fromEntries(row.services.map((child) => [child.name, child.weight]));
  };
  const weights = weightsOf(weightedService);
  if (!weights) throw new Error(`it has no service ${weightedService}`);
  const regions = services
    .filter(({ loadBalancer }) => loadBalancer)
    .map(({ name }) => name.replace(/@.*$/, ''));
  const asked = services.filter(({ loadBalancer }) => loadBalancer?.healthCheck);
  return {
    weights: Object.fromEntries(
      regions.map((region) => [region, weights[region] ?? weights[guardedService(region)] ?? 0]),
    ),
    backup: Object.fromEntries(
      regions.flatMap((region) => {
        const row = weightsOf(backupService(region));
        return row ? [[region, row]] : [];
      }),
    ),
    answers: Object.fromEntries(
      asked.map(({ name, serverStatus }) => [
        name.replace(/@.*$/, ''),
        Object.values(serverStatus).some((status) => status === 'UP'),
      ]),
    ),
  };
}

function compareTraffic({ plan }: StackConfig, origin: string, served: ServedTraffic): string | null {
  const backup = plan.backup?.[origin] ?? {};
  const differing = [
    compareRows(plan.weights[origin] ?? {}, served.weights),
    ...[...new Set([...Object.keys(backup), ...Object.keys(served.backup)])].sort().map((lost) => {
      const fault = compareRows(backup[lost] ?? {}, served.backup[lost] ?? {});
      return fault === null ? null : `backup of ${lost}: ${fault}`;
    }),
  ].filter((fault) => fault !== null);
  return differing.length === 0 ? null : differing.join('; ');
}

/** What differs between two rows, for people; null when nothing does. Weights that are 0 may be left out. */
export function compareRows(planned: Row, served: Row): string | null {
  const differing = [...new Set([...Object.keys(planned), ...Object.keys(served)])]
    .sort()
    .filter((destination) => (planned[destination] ?? 0) !== (served[destination] ?? 0))
    .map(
      (destination) =>
        `${destination} has the weight ${served[destination] ?? 0}, expected ${planned[destination] ?? 0}`,
    );
  return differing.length === 0 ? null : differing.join('; ');
}
