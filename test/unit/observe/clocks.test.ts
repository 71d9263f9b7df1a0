import path from 'node:path';
import { steadyClock } from '../../../load/steadyClock';
import { observeRequests, type Observation } from '../../../observe/observeRequests';
import { watchReadyServers, type ReadyServers } from '../../../observe/readyServers';
import { readStackSettings } from '../../../stack/stackFile';
import { answerJson, fakeCluster } from '../driver/fakeCluster';
import { startServer, stopServers } from '../loopbackServer';

const hourMs = 3_600_000;
afterEach(async () => {
  jest.restoreAllMocks();
  await stopServers();
});

/** Somebody sets this machine's clock. */
function setClock(byMs: number): void {
  const real = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => real() + byMs);
}

/** A Prometheus that has nothing, however long it is asked. */
async function emptyPrometheus(onAsked: () => void = () => undefined): Promise<string> {
  const { url } = await startServer((response) => {
    onAsked();
    answerJson(response, { status: 'success', data: { resultType: 'matrix', result: [] } });
  });
  return url;
}

/** Observes what ends now by a clock; scrapes, of which none comes, are waited for half a second. */
async function observed(
  prometheus: string,
  toMs: number,
  nowMs?: () => number,
): Promise<{ requests: Observation['requests'] | undefined; ms: number }> {
  const begunMs = performance.now();
  const pairs = [{ origin: 'a', destination: 'b', target: { job: 'traefik' }, selector: { service: 'b' } }];
  const [found] = await observeRequests({
    ...{ prometheus, pairs, fromMs: toMs - 1000, toMs, scrapeIntervalMs: 200 },
    ...(nowMs && { nowMs }),
  });
  return { requests: found?.requests, ms: performance.now() - begunMs };
}

describe.each([-hourMs, 600_000])('a clock that is set by %d ms', (byMs) => {
  test('after the moment that is waited for', async () => {
    const clock = steadyClock();
    const prometheus = await emptyPrometheus();
    setClock(byMs);
    const { requests, ms } = await observed(prometheus, clock(), clock);
    expect(requests).toEqual({ unknown: 'Prometheus has no target {job="traefik"} at that time' });
    expect(ms).toBeGreaterThan(450);
    expect(ms).toBeLessThan(10_000);
  });

  test('while it is waited for', async () => {
    let times = 0;
    const prometheus = await emptyPrometheus(() => {
      if (++times === 2) setClock(byMs);
    });
    const { ms } = await observed(prometheus, Date.now());
    expect(ms).toBeGreaterThan(450);
    expect(ms).toBeLessThan(10_000);
  });

  test('and by which the moment is told from one that nobody set', async () => {
    const prometheus = await emptyPrometheus();
    const toMs = Date.now();
    setClock(byMs);
    expect((await observed(prometheus, toMs)).ms).toBeLessThan(10_000);
  });

  test('moments of ready servers are of the clock of the run', async () => {
    const kubeConfig = await fakeCluster((response) => {
      answerJson(response, { kind: 'PodList', apiVersion: 'v1', items: [] });
    });
    const config = readStackSettings(path.join(__dirname, '../../../Pulumi.dev.yaml'));
    const [clock, moments, end] = [steadyClock(), [] as ReadyServers[], new AbortController()];
    setClock(byMs);
    const clusters = [{ name: 'cluster', context: 'fake', kubeConfig }];
    await watchReadyServers(
      clusters,
      config,
      end.signal,
      (moment) => {
        moments.push(moment);
        end.abort();
      },
      clock,
    );
    expect(Math.abs((moments[0]?.atMs ?? NaN) - clock())).toBeLessThan(5000);
  });
});
