import { MetricsServer } from '../../../metrics/metricsServer';

test('answers /metrics with what is then known, and nothing else; ends with the run', async () => {
  let text = 'one 1\n';
  const server = await MetricsServer.listen({ host: '127.0.0.1', port: 0 }, () => text);
  const first = await fetch(server.url);
  expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([
    ...[200, 'text/plain; version=0.0.4; charset=utf-8', 'one 1\n'],
  ]);
  text = 'one 2\n';
  expect(await (await fetch(`${server.url}?x=1`)).text()).toBe('one 2\n');
  const elsewhere = await fetch(server.url.replace('/metrics', '/'));
  expect([elsewhere.status, await elsewhere.text()]).toEqual([404, 'metrics are at /metrics\n']);
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
  await server.onEnd();
  await expect(fetch(server.url)).rejects.toThrow();
});

test('a port that is taken, and an address that is not this machine’s, are refused with the remedy', async () => {
  const server = await MetricsServer.listen({ host: '127.0.0.1', port: 0 }, () => '');
  const port = Number(new URL(server.url).port);
  await expect(MetricsServer.listen({ host: '127.0.0.1', port }, () => '')).rejects.toThrow(
    `--metrics-listen 127.0.0.1:${port}: something listens there already; name an address of this machine and a port that is free`,
  );
  await expect(MetricsServer.listen({ host: '192.0.2.1', port: 0 }, () => '')).rejects.toThrow(
    'EADDRNOTAVAIL',
  );
  await server.onEnd();
});
