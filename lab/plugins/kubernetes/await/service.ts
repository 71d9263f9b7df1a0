import { nameOf } from '../kubernetesObject';
import { at, isMap, listAt, mapsAt, textAt, type PropertyMap } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';

/** How long a Service without a single pod is given to find some, in milliseconds; the genuine provider's figure. */
const SETTLE_MS = 10_000;

/**
 * Ready when a load balancer has its address and no pod behind the Service is still coming up. A Service that finds no
 * pods at all is ready once it had time to: the pods may be none of this program's.
 */
export const service: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: (object) => ({
    slices: {
      gvk: { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice' },
      labelSelector: `kubernetes.io/service-name=${nameOf(object)}`,
    },
  }),
  assess,
};

function assess({ object, related, quietMs }: Seen): Assessment {
  const addressed = textAt(object, 'spec', 'type') !== 'LoadBalancer' || hasAddress(object);
  const { ready, pending } = targets(related['slices'] ?? []);
  const noAddress = addressed
    ? []
    : ['Service was not allocated an IP address; does your cloud provider support this?'];
  if (!needsPods(object))
    return addressed ? READY : waiting('Waiting for an IP address for the Service', noAddress);
  const settled = pending === 0 && (ready > 0 || quietMs >= SETTLE_MS);
  if (addressed && settled) return READY;
  const noPods =
    ready > 0
      ? []
      : [
          "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match labels on any Pods",
        ];
  const stillComing = pending > 0 ? [`${pending} of the Service's Pods are not ready`] : [];
  const status = addressed
    ? 'Finding Pods to direct traffic to'
    : 'Attempting to allocate IP address to Service';
  return waiting(status, [...noAddress, ...noPods, ...stillComing], Math.max(SETTLE_MS - quietMs, 1));
}

/** True where a controller has given the Service or Ingress an address. */
export function hasAddress(object: PropertyMap): boolean {
  return listAt(object, 'status', 'loadBalancer', 'ingress').length > 0;
}

/** Headless, external and selector-less Services have no pods that must be up. */
function needsPods(object: PropertyMap): boolean {
  const selector = at(object, 'spec', 'selector');
  return (
    textAt(object, 'spec', 'type') !== 'ExternalName' &&
    textAt(object, 'spec', 'clusterIP') !== 'None' &&
    selector !== undefined &&
    isMap(selector) &&
    Object.keys(selector).length > 0
  );
}

function targets(slices: readonly PropertyMap[]): { ready: number; pending: number } {
  const conditions = slices
    .flatMap((slice) => mapsAt(slice, 'endpoints'))
    .map((endpoint) => endpoint['conditions'] ?? {});
  // Pods that leave are not ready either, but nothing to wait for.
  const staying = conditions.filter((condition) => at(condition, 'terminating') !== true);
  const ready = staying.filter((condition) => at(condition, 'ready') !== false).length;
  return { ready, pending: staying.length - ready };
}
