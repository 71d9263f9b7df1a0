import type { ServiceConfig } from './stackConfig';

type Timed = Pick<ServiceConfig, 'updateTimeoutSeconds' | 'rolloutTimeoutSeconds' | 'resizeTimeoutSeconds'>;

/** Pulumi's default is four steps at once for each core. */
const regionsAtOnce = 4;

/** The platform's objects, which the Kubernetes provider waits 10 minutes for, and the request path's steps on hosts. */
const besidesSeconds = 900;

/**
 * How long an update, a preview or a refresh may take before it is ended, in s: what the stack file says, else what its
 * regions may take at the longest, each by its own bounds, a few at once. In place, a region is resized, has its pods
 * replaced where that is refused, and is resized again.
 */
export function updateSeconds({
  service,
  regions,
}: {
  readonly service: Timed;
  readonly regions: readonly unknown[];
}): number {
  const { updateTimeoutSeconds, rolloutTimeoutSeconds, resizeTimeoutSeconds } = service;
  const aRegion = rolloutTimeoutSeconds + 3 * resizeTimeoutSeconds;
  return updateTimeoutSeconds ?? besidesSeconds + Math.ceil(regions.length / regionsAtOnce) * aRegion;
}
