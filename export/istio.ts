import type { StackConfig } from '../stack/stackConfig';
import { roundingOf, rowsOf, type Exported } from './exported';
import { sharesOf } from './wholeShares';

/**
 * A DestinationRule of Istio that distributes a host's requests over localities, by the caller's own. Istio takes whole
 * percents that add up to 100. A region's locality is its cloud region where it has one, else its name. Pure.
 * @param host name of the service in the mesh, with endpoints in every region
 */
export function destinationRule(config: StackConfig, host: string): Exported {
  const { regions, service } = config;
  const localityOf = (name: string): string =>
    `${regions.find((region) => region.name === name)?.cloud?.region ?? name}/*`;
  const rows = rowsOf(config).map(([origin, row]) => ({ origin, ...sharesOf(row, 100) }));
  return {
    documents: [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'DestinationRule',
        metadata: { name: 'casper', namespace: service.namespace },
        spec: {
          host,
          trafficPolicy: {
            loadBalancer: {
              localityLbSetting: {
                enabled: true,
                distribute: rows.map(({ origin, parts }) => ({
                  from: localityOf(origin),
                  // Istio refuses a weight of 0.
                  to: Object.fromEntries(
                    Object.entries(parts)
                      .filter(([, percent]) => percent > 0)
                      .map(([destination, percent]) => [localityOf(destination), percent]),
                  ),
                })),
              },
            },
            // Without it Istio does not distribute by locality.
            outlierDetection: { consecutive5xxErrors: 5, interval: '1s', baseEjectionTime: '30s' },
          },
        },
      },
    ],
    notes: rows.flatMap(({ origin, worstPercent }) => roundingOf(origin, worstPercent)),
  };
}
