import { ofFile, scrapedFrom } from '../stack/naming';
import { entryPointUrl, originsOf, watcherOf } from '../stack/requestPath';
import type { StackConfig } from '../stack/stackConfig';
import type { LoadOrigin } from '../load/entryPoint';
import type { PrometheusAt } from '../observe/prometheus';
import { prometheusAt } from '../observe/prometheusAccess';
import type { ObservedPair } from '../observe/observeRequests';

/** Where a stack's requests come in, and what counts them. */
export interface RequestPathView {
  readonly entryPoints: readonly LoadOrigin[];
  readonly prometheus: PrometheusAt;
  readonly scrapeIntervalMs: number;
  /** Every origin with every destination. */
  readonly pairs: readonly ObservedPair[];
}

/** A stack without what requests need; the message names what is missing. */
export class NoRequestPathError extends Error {
  override readonly name = 'NoRequestPathError';
}

/**
 * Reads the request path out of a stack config.
 * @throws NoRequestPathError where a region has no Traefik, or no host Prometheus
 * @throws StackConfigError where what it takes to be let in there is missing
 */
export function requestPathOf(config: StackConfig): RequestPathView {
  const { regions } = config;
  const watcher = watcherOf(config);
  if (!watcher || regions.some(({ traefik }) => !traefik)) {
    throw new NoRequestPathError(
      'The stack has no request path: load needs traefik in every one of casper:regions and prometheus on one of casper:hosts',
    );
  }
  const origins = originsOf(config);
  return {
    entryPoints: origins.map((origin) => ({ name: origin.name, url: entryPointUrl(origin) })),
    prometheus: prometheusAt(watcher),
    scrapeIntervalMs: watcher.scrapeIntervalSeconds * 1000,
    pairs: origins.flatMap(({ name: origin, metricsAddress }) =>
      regions.map(({ name: destination }) => ({
        origin,
        destination,
        target: scrapedFrom(metricsAddress),
        selector: { service: ofFile(destination) },
      })),
    ),
  };
}
