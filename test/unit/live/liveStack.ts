import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDocument } from 'yaml';
import type { Applied, Reconciler } from '../../../driver/reconcile';
import type { LivePlanning } from '../../../live/planTick';
import { LiveDemand } from '../../../live/liveDemand';
import { referenceCapacity } from '../../../stack/capacity';
import type { StackPlan } from '../../../stack/stackConfig';
import { readStackFile, setStackValue } from '../../../stack/stackFile';
import type { ForecastOptions } from '../../../study/forecast/demandForecasts';
import { prometheusServer, steady, type PrometheusServer } from '../prometheusServer';
import {
  carbonServer,
  hour,
  json,
  latestOf,
  surroundings,
  type CarbonServer,
  type TestSurroundings,
} from '../signals/carbonServer';

/** Three regions, near to each other, whose zones have names of their own. */
export const regions = ['clean', 'dirty', 'middle'];
const zones: Readonly<Record<string, string>> = { clean: 'FR', dirty: 'PL', middle: 'DE' };

export interface LiveStack {
  readonly configFile: string;
  readonly planning: LivePlanning;
  readonly reconciler: Reconciler;
  readonly clock: TestSurroundings;
  /** gCO2e/kWh by zone; a zone that is not there is answered with 404. */
  readonly grams: Record<string, unknown>;
  /** Requests/s by origin; one that is not there has no series. */
  readonly rates: Record<string, number | string>;
  readonly carbon: CarbonServer;
  /** Regions in clusters that do not answer. */
  asTheyAre: string[];
  readonly prometheus: PrometheusServer;
  /** The plans that were applied. */
  readonly applied: StackPlan[];
  /** What the next `apply` throws, once. */
  fail: Error | null;
  readonly plan: () => StackPlan;
  readonly set: (keys: readonly string[], value: unknown) => void;
}

const folders: string[] = [];

export function removeStacks(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** A stack file of its own, with a carbon source and a Prometheus that are real HTTP servers and a cluster that is none. */
export async function liveStack(
  forecast: ForecastOptions | null = null,
  wallClock = false,
): Promise<LiveStack> {
  const folder = mkdtempSync(path.join(tmpdir(), 'casper-live-'));
  folders.push(folder);
  const configFile = path.join(folder, 'Pulumi.test.yaml');
  const grams: Record<string, unknown> = { FR: 50, PL: 800, DE: 300 };
  const rates: Record<string, number | string> = { clean: 20, dirty: 40, middle: 30 };
  const clock = { ...surroundings(), ...(wallClock && { nowMs: () => Date.now() }) };
  const carbon = await carbonServer(
    (url, _, response) => {
      const zone = url.searchParams.get('zone') ?? '';
      if (grams[zone] === undefined) json(response, { error: `No recent data for zone "${zone}"` }, 404);
      else json(response, latestOf(zone, grams[zone], hour(0, clock.nowMs())));
    },
    () => clock.nowMs(),
  );
  const prometheus = await prometheusServer(() =>
    Object.entries(rates).map(([origin, rate]) => steady(origin, rate)),
  );
  prometheus.clock = () => clock.nowMs();
  writeFileSync(configFile, stackFile(carbon.url, prometheus.url));
  const applied: StackPlan[] = [];
  const stack: LiveStack = {
    ...{ configFile, clock, grams, rates, carbon, prometheus, applied, fail: null, asTheyAre: [] },
    planning: {
      configFile,
      latencies: {
        ...{ directory: folder, synthetic: false, regions },
        latencyMs: regions.map((from) => regions.map((to) => (from === to ? 1 : 40))),
      },
      optionsOf: () => ({
        ...{ policy: 'carbon', maxLatencyMs: 100, alpha: 0.9, keepWarm: false },
        capacity: () => referenceCapacity,
        horizonIntervals: 1,
        switching: { gramsPerServerChange: 0, gramsPerRequestMoved: 0, minResidenceIntervals: 1 },
      }),
      asTheyAre: () => Promise.resolve(stack.asTheyAre),
      demandQuantile: forecast?.demandQuantile ?? null,
      demand: new LiveDemand(forecast),
      surroundings: clock,
    },
    reconciler: {
      configFile,
      preview: () => Promise.reject(new Error('nobody asked for a preview')),
      apply: () => {
        const { fail } = stack;
        stack.fail = null;
        if (fail) return Promise.reject(fail);
        const { plan } = readStackFile(configFile);
        const same = JSON.stringify(plan) === JSON.stringify(applied.at(-1));
        applied.push(plan);
        return Promise.resolve(appliedWith(same ? 0 : 1));
      },
    },
    plan: () => readStackFile(configFile).plan,
    set: (keys, value) => {
      setStackValue(configFile, { keys, value });
    },
  };
  return stack;
}

function appliedWith(changes: number): Applied {
  const change = { urn: 'urn', operation: 'update', resource: 'a', properties: [] };
  return {
    update: { changes: Array.from({ length: changes }, () => change) as never, seconds: 1, notes: [] },
    ...{ verification: [], rows: [], silent: [], prometheusFault: null },
  };
}

function stackFile(carbonUrl: string, prometheusUrl: string): string {
  const file = path.join(__dirname, '../../../Pulumi.dev.yaml');
  const document = parseDocument(readFileSync(file, 'utf8'));
  const { config: baseline } = document.toJS() as { config: Record<string, unknown> };
  const config = {
    'casper:cluster': { context: 'none' },
    'casper:regions': regions.map((name) => ({ name, signal: { zone: zones[name] } })),
    'casper:service': baseline['casper:service'],
    'casper:signals': {
      sources: [
        { name: 'maps', kind: 'electricityMaps', baseUrl: carbonUrl, attempts: 1, timeoutSeconds: 2 },
      ],
    },
    'casper:demand': { url: prometheusUrl, query: 'sum by (origin) (rate(x[$window]))', timeoutSeconds: 2 },
    'casper:plan': {
      ...{ interval: '2020-01-01T00:00:00Z', policy: 'carbon' },
      regions: {
        clean: { servers: 6, cpuMillicores: 61 },
        dirty: { servers: 0, cpuMillicores: 0 },
        middle: { servers: 6, cpuMillicores: 61 },
      },
      weights: { clean: { clean: 1 }, dirty: { clean: 1, middle: 1 }, middle: { middle: 1 } },
    },
  };
  return JSON.stringify({ config });
}
