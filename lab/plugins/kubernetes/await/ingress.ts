import { mapsAt, textAt, type PropertyMap } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter, type Seen } from './assessment';
import { hasAddress } from './service';

/** How long a rule's Service is given to appear, in milliseconds; the genuine provider's figure. */
const SETTLE_MS = 10_000;

/** Ready when a controller has given it an address and the Services of its rules exist, or had time to. */
export const ingress: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: true,
  related: () => ({ services: { gvk: { group: '', version: 'v1', kind: 'Service' } } }),
  assess,
};

function assess({ object, related, quietMs }: Seen): Assessment {
  const known = new Set((related['services'] ?? []).map((service) => textAt(service, 'metadata', 'name')));
  const missing = backends(object).filter((name) => !known.has(name));
  const addressed = hasAddress(object);
  if (addressed && (missing.length === 0 || quietMs >= SETTLE_MS)) return READY;
  const reasons = [
    ...missing.map((name) => `No matching service found for ingress rule: "${name}"`),
    ...(addressed ? [] : ['Ingress .status.loadBalancer field was not updated with a hostname/IP address']),
  ];
  const status = addressed
    ? 'Finding a matching service for each path'
    : 'Waiting for an address for the Ingress';
  return waiting(status, reasons, Math.max(SETTLE_MS - quietMs, 1));
}

function backends(object: PropertyMap): string[] {
  const paths = mapsAt(object, 'spec', 'rules').flatMap((rule) => mapsAt(rule, 'http', 'paths'));
  const names = paths.map((path) => textAt(path, 'backend', 'service', 'name'));
  return [...new Set(names.filter((name) => name !== undefined))];
}
