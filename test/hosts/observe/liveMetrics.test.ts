import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BackOff } from '../../../driver/backOff';
import { runCourse } from '../../../driver/runIntervals';
import { LiveCourse } from '../../../live/liveCourse';
import { dashboardQueries } from '../../../metrics/dashboard';
import { LiveMetrics } from '../../../metrics/liveMetrics';
import { MetricsServer } from '../../../metrics/metricsServer';
import { liveStack, removeStacks, type LiveStack } from '../../unit/live/liveStack';
import { cleanUp } from '../../unit/signals/carbonServer';
import { debianProgram } from '../tools';
import { patientScrapeIntervalMs, PrometheusProcess } from './prometheusProcess';

const rulesFile = path.join(__dirname, '../../../deploy/prometheus/casper.rules.yaml');

/** Runs promtool; what it finds wrong is an error. */
async function promtool(args: readonly string[], input = ''): Promise<string> {
  const ran = promisify(execFile)(debianProgram('/usr/bin/promtool', 'prometheus'), args, {
    timeout: 60_000,
  });
  ran.child.stdin?.end(input);
  const { stdout, stderr } = await ran;
  return stdout + stderr;
}

test('promtool takes the rules, and each alert fires when it should and not when it should not', async () => {
  expect(await promtool(['check', 'rules', rulesFile])).toContain('SUCCESS');
  const tests = path.join(__dirname, 'casper.rules.test.yaml');
  expect(await promtool(['test', 'rules', tests])).toContain('SUCCESS');
}, 120_000);

describe('a live run that a real Prometheus scrapes', () => {
  const intervalSeconds = 4;
  /** One scrape that is missed, on a machine that is busy, is no alert. */
  const pendingSeconds = 4;
  const stop = new AbortController();
  let stack: LiveStack;
  let metrics: LiveMetrics;
  let prometheus: PrometheusProcess;
  let run: Promise<void>;

  beforeAll(async () => {
    stack = await liveStack(null, true);
    stack.set(['casper:live'], { intervalSeconds });
    metrics = new LiveMetrics('test');
    const server = await MetricsServer.listen({ host: '127.0.0.1', port: 0 }, () => metrics.set.text());
    const evidence = { lost: [], outOfBand: [], changed: () => new Promise(() => undefined) };
    const live = {
      ...{ planning: stack.planning, health: evidence, intervals: Infinity, stopped: stop.signal },
      watch: { ...evidence, plannedFor: () => undefined },
      onTick: metrics.onTick.bind(metrics),
      ...{ backOff: new BackOff(), steadyMs: () => performance.now(), mostFailures: 3 },
    };
    run = runCourse(
      (tell) => new LiveCourse(live, tell),
      stack.reconciler,
      [server],
      false,
      (_, work) => work(),
    );
    // What takes minutes there takes seconds here: times that depend on the interval are its own.
    const rules = readFileSync(rulesFile, 'utf8')
      .replaceAll(/for: \w+/g, `for: ${pendingSeconds}s`)
      .replaceAll('+ 60', '+ 8');
    const besides = { targets: [new URL(server.url).host], rules };
    prometheus = await PrometheusProcess.create({}, patientScrapeIntervalMs, besides);
    await prometheus.start();
  }, 60_000);

  afterAll(async () => {
    stop.abort();
    await run;
    await prometheus.remove();
    await cleanUp();
    removeStacks();
  }, 60_000);

  function setZoneOfClean(zone: string): void {
    const zones = { clean: zone, dirty: 'PL', middle: 'DE' };
    stack.set(
      ['casper:regions'],
      Object.entries(zones).map(([name, own]) => ({ name, signal: { zone: own } })),
    );
  }

  async function asked<T>(what: string): Promise<T> {
    const response = await fetch(`${prometheus.url}/api/v1/${what}`);
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
    if (status !== 'success') throw new Error(`${what}: ${error ?? ''}`);
    return data;
  }

  /** Names of the alerts that fire, with the label that says of what. */
  async function firing(): Promise<string[]> {
    const { alerts } = await asked<{ alerts: { labels: Record<string, string>; state: string }[] }>('alerts');
    return alerts
      .filter(({ state }) => state === 'firing')
      .map(({ labels }) => [labels['alertname'], labels['region'] ?? labels['origin']].join(' ').trim())
      .sort();
  }

  async function until(seconds: number, holds: (alerts: string[]) => boolean): Promise<string[]> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const alerts = await firing();
      if (holds(alerts) || Date.now() > deadline) return alerts;
      await sleep(250);
    }
  }

  test('ticks that go well raise no alert; every rule is healthy, and the dashboard’s queries are answered', async () => {
    while ((await asked<{ result: unknown[] }>('query?query=casper_planned_servers')).result.length === 0) {
      await sleep(250);
    }
    // Two intervals: what was pending would fire.
    await sleep(2 * intervalSeconds * 1000);
    expect(await firing()).toEqual([]);
    const { groups } = await asked<{ groups: { rules: { name: string; health: string }[] }[] }>('rules');
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.length).toBeGreaterThan(10);
    for (const query of dashboardQueries()) {
      await asked(`query?query=${encodeURIComponent(query)}`);
    }
    const saving =
      '1 - casper_planned_carbon_intensity_grams_per_kwh / casper_replay_carbon_intensity_grams_per_kwh';
    const { result } = await asked<{ result: { value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(saving)}`,
    );
    // All at 50 g/kWh; at home 20, 40 and 30 requests/s would be at 50, 800 and 300.
    expect(Number(result[0]?.value[1])).toBeCloseTo(1 - 50 / ((24 * 50 + 48 * 800 + 36 * 300) / 108), 6);
  }, 60_000);

  test('a source without a value, and demand that nobody measures: alerts fire, and end with their cause', async () => {
    const rate = stack.rates['dirty'] ?? 0;
    // A value of this hour is not asked for again: another zone is, of which the source has none.
    setZoneOfClean('none');
    stack.set(['casper:demand', 'lastKnownMinutes'], 0);
    delete stack.rates['dirty'];
    const wanted = [
      'CasperCarbonNotOfNow clean',
      'CasperDemandNotOfNow dirty',
      'CasperPlanHeld',
      'CasperPlanOld',
    ];
    expect(await until(60, (alerts) => wanted.every((alert) => alerts.includes(alert)))).toEqual(wanted);
    setZoneOfClean('FR');
    stack.rates['dirty'] = rate;
    expect(await until(60, (alerts) => alerts.length === 0)).toEqual([]);
  }, 150_000);

  test('what it serves is the text that promtool takes without a remark', async () => {
    expect(await promtool(['check', 'metrics'], metrics.set.text())).toBe('');
  });

  test('a run that ends: its last words grow old, and then it is gone', async () => {
    stop.abort();
    await run;
    expect(await until(60, (alerts) => alerts.includes('CasperGone'))).toContain('CasperGone');
  }, 90_000);
});
