import { SignalsConfigError } from './fault';
import { describeMethod, type Method } from './signalValue';

/**
 * Refuses regions whose values are made in different ways: by marginal intensity another region is the clean one than by
 * average intensity, and a grid that is direct looks cleaner than one that is life cycle.
 * @throws SignalsConfigError that names the regions of each method
 */
export function refuseMixedMethods(
  regions: readonly { readonly region: string; readonly source: string; readonly method: Method }[],
): void {
  const byMethod = Map.groupBy(regions, ({ method }) => describeMethod(method));
  if (byMethod.size <= 1) return;
  const lines = [...byMethod].map(
    ([method, same]) =>
      `  ${method}: ${same.map(({ region, source }) => `${region} (${source})`).join(', ')}`,
  );
  throw new SignalsConfigError(
    `The regions' carbon intensities cannot be compared, because they are made in different ways:\n${lines.join('\n')}\n` +
      'Give all regions sources of one method in casper:signals; docs/signals.md lists them.',
  );
}
