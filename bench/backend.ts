import { createServer } from 'node:http';

/** What stands behind the Traefiks of bench/traefik.ts: answers at once, on every port that is named. */
for (const port of process.argv.slice(2)) {
  const server = createServer((_, response) => response.end('an article\n'));
  server.keepAliveTimeout = 60_000;
  server.listen(Number(port), '127.0.0.1');
}
