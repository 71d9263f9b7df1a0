import type { StackConfig } from './schema';
import type { SourceConfig } from './signalsSchema';

/** Capitals, so that a credential that was written in its place is hardly ever taken for the name of one. */
const variableName = /^[A-Z][A-Z0-9_]*$/;

/** Sources stand there once, regions name one of them and say where they are, and no credential is in the file. */
export function faultsOfSignals({ regions, signals }: Pick<StackConfig, 'regions' | 'signals'>): string[] {
  if (!signals) {
    return regions.flatMap(({ name, signal }) =>
      signal?.source === undefined
        ? []
        : [`casper:regions.${name}.signal.source: there is no casper:signals; add it with its sources`],
    );
  }
  const faults: string[] = [];
  const names = signals.sources.map(({ name }) => name);
  const known = `known sources: ${[...new Set(names)].join(', ')}`;
  for (const name of new Set(names.filter((other, index) => names.indexOf(other) !== index))) {
    faults.push(`casper:signals.sources: the name ${name} stands there twice; give each source its own`);
  }
  for (const { name, cloud, signal } of regions) {
    const path = `casper:regions.${name}`;
    if (signal?.source !== undefined && !names.includes(signal.source)) {
      faults.push(
        `${path}.signal.source: ${signal.source} is not in casper:signals (${known}); correct the name or add the source`,
      );
    }
    // The columns of a recording are called like the regions.
    const source = signals.sources.find((other) => other.name === signal?.source) ?? signals.sources[0];
    if (!cloud && signal?.zone === undefined && source?.kind !== 'recorded') {
      faults.push(
        `${path}: neither cloud nor signal.zone, so casper:signals cannot say which grid it draws from; give it one of them`,
      );
    }
  }
  return [...faults, ...signals.sources.flatMap(faultsOfSource)];
}

/** None of these messages shows the value: it may be the credential itself. */
function faultsOfSource(source: SourceConfig): string[] {
  if (source.kind === 'recorded') return [];
  const path = `casper:signals.sources.${source.name}`;
  const { username, password, search, hash } = new URL(source.baseUrl);
  const faults =
    username || password || search || hash
      ? [
          `${path}.baseUrl: has a user, a password or parameters (not shown); expected scheme, host and path: credentials come from the environment`,
        ]
      : [];
  const variables =
    source.kind === 'electricityMaps'
      ? (['tokenVariable'] as const).map((key) => [key, source[key]] as const)
      : source.kind === 'wattTime'
        ? (['userVariable', 'passwordVariable'] as const).map((key) => [key, source[key]] as const)
        : [];
  for (const [key, value] of variables) {
    if (!variableName.test(value)) {
      faults.push(
        `${path}.${key}: expected the name of an environment variable in capitals, as in ELECTRICITY_MAPS_TOKEN (what stands there is not shown, in case it is the credential); put the credential into that variable`,
      );
    }
  }
  return faults;
}
