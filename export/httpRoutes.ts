import { clusterOf } from '../stack/clusters';
import { serviceNameOf } from '../stack/deployments';
import type { StackConfig } from '../stack/stackConfig';
import { ExportError, rowsOf, type Exported } from './exported';

/** Most backends of a rule, by the Gateway API's schema (HTTPRouteRule, backendRefs). */
const mostBackends = 16;

/**
 * A Gateway API HTTPRoute for each origin, for the cluster that its requests come in at; weights are exact. An origin's
 * requests are told from another's by the listener of the origin's name (`sectionName`). A destination in another
 * cluster is a ServiceImport of the Multi-Cluster Services API. Pure.
 * @param gateway name of the Gateway
 * @throws ExportError where an origin has more destinations than a rule takes
 */
export function httpRoutes(config: StackConfig, gateway: string): Exported {
  const { service, regions } = config;
  const clusterNameOf = (name: string): string | undefined => {
    const region = regions.find((candidate) => candidate.name === name);
    return region && clusterOf(config, region)?.name;
  };
  const backend = (origin: string, destination: string, weight: number): object => ({
    ...(clusterNameOf(origin) === clusterNameOf(destination)
      ? { group: '', kind: 'Service' }
      : { group: 'multicluster.x-k8s.io', kind: 'ServiceImport' }),
    ...{ name: serviceNameOf(config, destination), port: service.port, weight },
  });
  const rows = rowsOf(config);
  for (const [origin, row] of rows) {
    const destinations = Object.keys(row).length;
    if (destinations > mostBackends) {
      throw new ExportError(
        `casper:plan.weights.${origin} has ${destinations} destinations, and a rule of an HTTPRoute takes at most ${mostBackends}; plan it with a lower latency bound (--max-latency), or take another format`,
      );
    }
  }
  return {
    documents: rows.map(([origin, row]) => ({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: `casper-${origin}`, namespace: service.namespace },
      spec: {
        parentRefs: [{ name: gateway, sectionName: origin }],
        rules: [
          {
            backendRefs: Object.entries(row).map(([destination, weight]) =>
              backend(origin, destination, weight),
            ),
          },
        ],
      },
    })),
    notes: [],
  };
}
