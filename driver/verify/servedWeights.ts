import { request } from 'undici';
import { z } from 'zod';
import { weightsPath } from '../../stack/naming';
import { originsOf, type Origin } from '../../stack/requestPath';
import type { StackConfig } from '../../stack/stackConfig';

/** Whether the Traefik of one origin serves the plan's row of weights. */
export interface RowVerification {
  readonly origin: string;
  readonly ok: boolean;
  /** What is wrong, for people; null when nothing is. */
  readonly fault: string | null;
}

type Row = Readonly<Record<string, number>>;

/** Traefik's answer for a service of weights; a weight that it leaves out is 1. */
const answer = z.object({
  weighted: z.object({
    services: z.array(z.object({ name: z.string(), weight: z.number().default(1) })),
  }),
});

/** Long enough for a machine that is busy; where a Traefik has died the connection is refused at once. */
const answerWithinMs = 5000;

/** Asks every origin's Traefik for the weights that it serves, and compares them with the stack config's plan. */
export function verifyRows(config: StackConfig): Promise<RowVerification[]> {
  return Promise.all(
    originsOf(config).map(async (origin) => {
      const served = await servedRow(origin).catch((error: unknown) => error as Error);
      const fault =
        served instanceof Error
          ? `its Traefik does not tell its weights: ${served.message}`
          : compareRows(config.plan.weights[origin.name] ?? {}, served);
      return { origin: origin.name, ok: fault === null, fault };
    }),
  );
}

async function servedRow({ metricsAddress }: Origin): Promise<Row> {
  const url = `http://${metricsAddress}${weightsPath}`;
  const limits = { headersTimeout: answerWithinMs, bodyTimeout: answerWithinMs, reset: true };
  const { statusCode, body } = await request(url, limits);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url} answers ${statusCode}`);
  const parsed = answer.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(`${url} answers ${text.slice(0, 200)}, expected a service of weights`);
  return Object.fromEntries(parsed.data.weighted.services.map(({ name, weight }) => [name, weight]));
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
