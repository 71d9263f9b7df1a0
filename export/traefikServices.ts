import { serviceNameOf } from '../stack/deployments';
import type { StackConfig } from '../stack/stackConfig';
import { rowsOf, type Exported } from './exported';

/** A TraefikService of Traefik's Kubernetes provider for each origin, which an IngressRoute may name; weights are exact. Pure. */
export function traefikServices(config: StackConfig): Exported {
  const { namespace, port } = config.service;
  return {
    documents: rowsOf(config).map(([origin, row]) => ({
      apiVersion: 'traefik.io/v1alpha1',
      kind: 'TraefikService',
      metadata: { name: `casper-${origin}`, namespace },
      spec: {
        weighted: {
          services: Object.entries(row).map(([destination, weight]) => ({
            ...{ kind: 'Service', name: serviceNameOf(config, destination), namespace, port, weight },
          })),
        },
      },
    })),
    notes: [],
  };
}
