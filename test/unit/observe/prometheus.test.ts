import { PrometheusError, rawSamples } from '../../../observe/prometheus';
import { closedPort, startServer, stopServers } from '../loopbackServer';

afterEach(stopServers);

async function answering(status: number, body: string): Promise<string> {
  const { url } = await startServer((response) => {
    response.statusCode = status;
    response.end(body);
  });
  return url;
}

const matrix = (values: unknown) =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: [{ metric: { a: 'b' }, values }] },
  });

test('samples as they were scraped, times in whole ms', async () => {
  const url = await answering(
    200,
    matrix([
      [1_700_000_000.781, '12'],
      [1_700_000_001, '1.5e+06'],
    ]),
  );
  expect(await rawSamples(url, 'up', 1000)).toEqual([
    {
      labels: { a: 'b' },
      samples: [
        { atMs: 1_700_000_000_781, value: 12 },
        { atMs: 1_700_000_001_000, value: 1_500_000 },
      ],
    },
  ]);
});

test.each([
  ['text', 200, 'hello', 'gives what is no answer of Prometheus'],
  [
    'another JSON',
    200,
    '{"status":"success","data":{"resultType":"vector","result":[]}}',
    'gives what is no answer of Prometheus',
  ],
  ['a value that is no number', 200, matrix([[1, 'NaN']]), 'gives what is no answer of Prometheus'],
  ['a number that is no text', 200, matrix([[1, 5]]), 'gives what is no answer of Prometheus'],
  [
    'a proxy that cannot reach it',
    502,
    'Bad Gateway',
    'answers with status 502; look into the log of Prometheus',
  ],
  [
    'a refusal',
    400,
    '{"status":"error","errorType":"bad_data","error":"parse error"}',
    'refuses up: bad_data: parse error',
  ],
])('%s is an error that says so', async (_, status, body, message) => {
  const url = await answering(status, body);
  await expect(rawSamples(url, 'up', 1000)).rejects.toThrow(PrometheusError);
  await expect(rawSamples(url, 'up', 1000)).rejects.toThrow(message);
});

test('nobody listens; nobody answers', async () => {
  const closed = await closedPort();
  await expect(rawSamples(closed, 'up', 1000)).rejects.toThrow(
    `No Prometheus answers at ${closed.slice(0, -1)}: ECONNREFUSED`,
  );
  const { url } = await startServer(() => undefined);
  await expect(rawSamples(url, 'up', 1000, { timeoutMs: 200 })).rejects.toThrow(PrometheusError);
});
