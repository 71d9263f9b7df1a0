import { InvalidArgumentError } from 'commander';
import type { ListenAddress } from '../metrics/metricsServer';

const loopback = '127.0.0.1';

/** HOST:PORT, [IPv6]:PORT, or PORT alone. */
export function listenAddress(text: string): ListenAddress {
  const [, bracketed, host, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new InvalidArgumentError('Expected HOST:PORT or a port, as in 127.0.0.1:9464, [::]:9464 or 9464.');
  }
  return { host: bracketed ?? host ?? loopback, port };
}

/** The node exporter's textfile collector reads no other names. */
export function metricsFile(text: string): string {
  if (!/[^/]\.prom$/.test(text)) throw new InvalidArgumentError('Expected a name that ends with .prom.');
  return text;
}
