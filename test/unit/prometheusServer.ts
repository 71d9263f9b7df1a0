import { startServer } from './loopbackServer';

/** A series that a query evaluates to: labels, and values by the age of their moment in seconds. */
export interface AnsweredSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Text of the value at a moment, as Prometheus writes it; undefined where it has none. */
  readonly valueAt: (unixSeconds: number) => string | undefined;
}

export interface PrometheusServer {
  readonly url: string;
  /** Queries, in order. */
  readonly asked: URLSearchParams[];
  answer: (form: URLSearchParams) => readonly AnsweredSeries[];
  clock: () => number;
}

/** A real HTTP server that answers range queries in the shape of Prometheus. */
export async function prometheusServer(
  answer: (form: URLSearchParams) => readonly AnsweredSeries[],
): Promise<PrometheusServer> {
  const asked: URLSearchParams[] = [];
  const server = { url: '', asked, answer, clock: () => Date.now() };
  const { url } = await startServer((response, request) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const form = new URLSearchParams(text);
      asked.push(form);
      const [start, end, step] = ['start', 'end', 'step'].map((key) => Number(form.get(key)));
      const result = server.answer(form).map(({ labels, valueAt }) => {
        const values: [number, string][] = [];
        for (let at = start ?? 0; at <= (end ?? 0) + 1e-6; at += step ?? 1) {
          const value = valueAt(at);
          if (value !== undefined) values.push([at, value]);
        }
        return { metric: labels, values };
      });
      response.setHeader('date', new Date(server.clock()).toUTCString());
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
    });
  });
  return Object.assign(server, { url });
}

/** A series of an origin with one rate all the time. */
export const steady = (origin: string, requestsPerSecond: number | string): AnsweredSeries => ({
  labels: { origin },
  valueAt: () => String(requestsPerSecond),
});
