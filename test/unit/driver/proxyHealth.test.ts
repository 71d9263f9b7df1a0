import { LossVerdicts, regionsLostTwice } from '../../../driver/proxyHealth';
import { lostRegions } from '../../../driver/verify/servedWeights';
import { parseStackConfig, type StackConfig } from '../../../stack/stackConfig';
import { closedPort, startServer, stopServers } from '../loopbackServer';
import { traefikServices } from './traefikServices';

afterEach(stopServers);

describe('a loss', () => {
  const verdicts = () => new LossVerdicts(3000, 20_000);

  test('counts once it has lasted, and a return once it has', () => {
    const health = verdicts();
    expect(health.observe(['a'], 0)).toBe(false);
    expect(health.observe(['a'], 2999)).toBe(false);
    expect(health.observe(['a'], 3000)).toBe(true);
    expect(health.lost).toEqual(['a']);
    expect(health.observe([], 4000)).toBe(false);
    expect(health.observe([], 23_999)).toBe(false);
    expect(health.observe([], 24_000)).toBe(true);
    expect(health.lost).toEqual([]);
  });

  test('that comes and goes counts from its last beginning', () => {
    const health = verdicts();
    health.observe(['a'], 0);
    health.observe([], 2000);
    expect(health.observe(['a'], 2500)).toBe(false);
    expect(health.observe(['a'], 5000)).toBe(false);
    expect(health.observe(['a', 'b'], 5500)).toBe(true);
    expect(health.observe(['a'], 9000)).toBe(false);
    expect(health.lost).toEqual(['a']);
  });

  test('of regions that fall together counts for all of them, but for what was lost in this very look', () => {
    const health = verdicts();
    health.observe(['a'], 0);
    health.observe(['a', 'b'], 2000);
    expect(health.observe(['a', 'b', 'c'], 3000)).toBe(true);
    expect(health.lost).toEqual(['a', 'b']);
    expect(health.observe(['a', 'b'], 4000)).toBe(false);
    expect(health.lost).toEqual(['a', 'b']);
  });
});

test('a region is lost where all proxies that ask it agree; one that nobody asks is not', () => {
  expect(
    lostRegions([
      { asked: ['a', 'b', 'c'], lost: ['a', 'b'] },
      { asked: ['a', 'b'], lost: ['b'] },
      { asked: [], lost: [] },
    ]),
  ).toEqual(['b']);
  expect(lostRegions([])).toEqual([]);
});

describe('looked at twice', () => {
  const names = ['north', 'south', 'west'];

  /** A stack whose proxies tell, one look after the other, of lost regions; null is one that does not answer. */
  async function stackWith(looks: readonly (readonly (readonly string[])[] | null)[]): Promise<StackConfig> {
    const ports: number[] = [];
    for (const lostAt of looks) {
      let look = 0;
      const url =
        lostAt === null
          ? await closedPort()
          : (await startServer((response) => response.end(traefikServices(names, lostAt[look++] ?? [])))).url;
      ports.push(Number(new URL(url).port));
    }
    return parseStackConfig(
      {
        cluster: { context: 'x' },
        hosts: [{ name: 'here', address: '127.0.0.1', traefik: '/usr/bin/traefik' }],
        service: { image: 'web', namespace: 'web' },
        regions: names.map((name, index) => ({
          name,
          loadBalancer: { address: '192.0.2.1', port: 1000 + index },
          traefik: {
            host: 'here',
            ...{ entryPointPort: 1010 + index, metricsPort: ports[index], apiPort: 1020 + index },
          },
        })),
        plan: {
          ...{ interval: '2022-08-13T00:00:00Z', policy: 'carbon' },
          regions: Object.fromEntries(names.map((name) => [name, { servers: 1, cpuMillicores: 11 }])),
          weights: Object.fromEntries(names.map((name) => [name, { [name]: 1 }])),
        },
      },
      'a test',
    );
  }
  const pauseMs = 20;

  test('a region counts that all who answer call lost, both times', async () => {
    const config = await stackWith([
      [
        ['north', 'west'],
        ['north', 'west'],
      ],
      [['north', 'south'], ['north']],
      null,
    ]);
    expect(await regionsLostTwice(config, pauseMs)).toEqual(['north']);
  });

  test('one that is back by the second look does not', async () => {
    const both = [['north'], []];
    expect(await regionsLostTwice(await stackWith([both, both, both]), pauseMs)).toEqual([]);
  });

  test('where nothing is lost, and where no proxy answers, nobody waits', async () => {
    const begun = performance.now();
    expect(await regionsLostTwice(await stackWith([[[]], [[]], [[]]]), 120_000)).toEqual([]);
    expect(await regionsLostTwice(await stackWith([null, null, null]), 120_000)).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(60_000);
  });
});
