/**
 * Names that components/ write and that driver/ and observe/ read. None of them depends on a plan: a label, a name or a
 * selector that changed would replace pods, or take counters away.
 */

/** Label whose value is the region's name. */
export const regionLabel = 'app.kubernetes.io/instance';

const partOf = { key: 'app.kubernetes.io/part-of', value: 'casper' } as const;

/** Name of the container that serves, and the value of its pods' name label. */
export const containerName = 'kiwix-serve';

/** Labels of a region's Deployment, Service and pods; the selectors hold all of them. */
export function regionLabels(region: string): Record<string, string> {
  return {
    'app.kubernetes.io/name': containerName,
    [regionLabel]: region,
    [partOf.key]: partOf.value,
  };
}

/** Label selector of the pods of all regions in a namespace. */
export const allRegionsSelector = `${partOf.key}=${partOf.value}`;

/** Name of a region's Deployment and Service. */
export function objectNameOf(region: string): string {
  return `kiwix-${region}`;
}

/** Traefik's service that splits an origin's requests. Regions have no underscore in their names. */
export const weightedService = 'weighted_row';

/** How Traefik calls something of its dynamic file, in its API and in the label `service` of its metrics. */
export function ofFile(name: string): string {
  return `${name}@file`;
}

/** Traefik's service that stands for a destination as long as it lives, and for its backup while it is lost. */
export function guardedService(destination: string): string {
  return `${destination}_guarded`;
}

/** Traefik's service that splits the requests of a lost destination. */
export function backupService(destination: string): string {
  return `${destination}_backup`;
}

/** Path at which Traefik tells, beside its metrics, the weights that it serves and which regions answer. */
export const servicesPath = '/api/http/services';

/** Traefik's counter of requests, by service, code, method and protocol. */
export const requestsTotal = 'traefik_service_requests_total';

/** Prometheus' job for the Traefiks. */
export const traefikJob = 'traefik';

/** Labels of all samples that are scraped from one Traefik. */
export function scrapedFrom(metricsAddress: string): Record<string, string> {
  return { job: traefikJob, instance: metricsAddress };
}

/** Label that Prometheus gives to the samples of an origin's Traefik. */
export const originLabel = 'origin';
