import { parse } from 'yaml';
import { dynamicConfig, type TraefikConfigArgs } from '../../../components/traefikConfig';

const args: Omit<TraefikConfigArgs, 'folder' | 'entryPointAddress' | 'metricsAddress' | 'apiAddress'> = {
  destinations: {
    a: 'http://192.0.2.1:1',
    b: 'http://192.0.2.2:1',
    c: 'http://192.0.2.3:1',
    d: 'http://192.0.2.4:1',
  },
  weights: { a: 3, b: 1 },
  backup: { a: { c: 1 } },
  watched: ['a', 'd'],
  healthCheck: { path: '/ready', intervalSeconds: 1, timeoutMs: 500 },
};
interface Http {
  routers: Record<string, { service: string; middlewares?: string[] }>;
  services: Record<string, { loadBalancer?: { healthCheck?: object }; [kind: string]: unknown }>;
  middlewares: Record<string, unknown>;
}
const httpOf = (more: Partial<typeof args> = {}): Http =>
  (parse(dynamicConfig({ ...args, ...more }).file) as { http: Http }).http;

test('a destination with a backup is guarded by it; every level reports its health', () => {
  expect(httpOf().services).toMatchObject({
    weighted_row: {
      weighted: {
        services: [
          { name: 'a_guarded', weight: 3 },
          { name: 'b', weight: 1 },
        ],
        healthCheck: {},
      },
    },
    a_guarded: { failover: { service: 'a', fallback: 'a_backup', healthCheck: {} } },
    a_backup: { weighted: { services: [{ name: 'c', weight: 1 }], healthCheck: {} } },
  });
});

test('what may get requests, and what is watched, is asked for its health; nothing else is', () => {
  const asked = ({ services }: Http): string[] =>
    Object.keys(services)
      .filter((name) => services[name]?.loadBalancer?.healthCheck)
      .sort();
  expect(asked(httpOf())).toEqual(['a', 'b', 'c', 'd']);
  expect(asked(httpOf({ watched: [] }))).toEqual(['a', 'b', 'c']);
  expect(httpOf().routers['watch']).toMatchObject({ service: 'watched_regions' });
  expect(httpOf({ watched: ['a'] }).routers['watch']).toBeUndefined();
});

test('requests are tried again for as long as a loss takes to be found', () => {
  expect(httpOf().routers['origin']?.middlewares).toEqual(['retry']);
  expect(httpOf().middlewares['retry']).toEqual({ retry: { attempts: 7, initialInterval: '375ms' } });
});

test('a change of what is held ready is a change of the file; without health checks there is nothing of it', () => {
  expect(dynamicConfig(args).revision).not.toBe(dynamicConfig({ ...args, backup: { a: { d: 1 } } }).revision);
  const plain = httpOf({ healthCheck: undefined });
  expect(Object.keys(plain.services).sort()).toEqual(['a', 'b', 'c', 'd', 'weighted_row']);
  expect(plain.routers['origin']?.middlewares).toBeUndefined();
});
