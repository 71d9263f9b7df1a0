import { idOf } from '../kubernetesObject';
import { at, isMap, mapsAt, numberAt, textAt, type PropertyMap } from '../../provider/properties';
import { conditionOf, isTrue } from './conditions';

/** True where a pod serves, or has done its work. */
export function isPodReady(pod: PropertyMap): boolean {
  return isTrue(conditionOf(pod, 'Ready')) || textAt(pod, 'status', 'phase') === 'Succeeded';
}

/** Why a pod is not ready, in the pod's own words; empty where it has none yet. */
export function podReasons(pod: PropertyMap): string[] {
  if (isPodReady(pod) || at(pod, 'metadata', 'deletionTimestamp') !== undefined) return [];
  const reasons = [
    ...unscheduled(pod),
    ...mapsAt(pod, 'status', 'initContainerStatuses').flatMap((status) =>
      containerReasons(status, 'init container'),
    ),
    ...mapsAt(pod, 'status', 'containerStatuses').flatMap((status) => containerReasons(status, 'container')),
  ];
  const own = textAt(pod, 'status', 'reason');
  if (own !== undefined) reasons.push(bracketed(own, textAt(pod, 'status', 'message')));
  if (reasons.length === 0) {
    const message = textAt(conditionOf(pod, 'Ready'), 'message');
    if (message) reasons.push(message);
  }
  return reasons.map((reason) => `Pod ${idOf(pod)}: ${reason}`);
}

function unscheduled(pod: PropertyMap): string[] {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (!scheduled || isTrue(scheduled)) return [];
  const message = textAt(scheduled, 'message');
  return message ? [bracketed(textAt(scheduled, 'reason'), message)] : [];
}

// States on the way up, which are no reason for anything.
const ON_THE_WAY = new Set(['ContainerCreating', 'PodInitializing']);

function containerReasons(status: PropertyMap, what: string): string[] {
  if (status['ready'] === true) return [];
  const name = `${what} "${textAt(status, 'name') ?? ''}"`;
  const reasons: string[] = [];
  const waiting = at(status, 'state', 'waiting');
  const reason = textAt(waiting, 'reason');
  if (waiting !== undefined && isMap(waiting) && reason !== undefined && !ON_THE_WAY.has(reason)) {
    reasons.push(`${name}: ${bracketed(reason, textAt(waiting, 'message'))}`);
  }
  for (const terminated of [at(status, 'state', 'terminated'), at(status, 'lastState', 'terminated')]) {
    const code = numberAt(terminated, 'exitCode');
    if (code === undefined || (code === 0 && what === 'init container')) continue;
    const message = textAt(terminated, 'message')?.trim();
    const why = textAt(terminated, 'reason') ?? 'terminated';
    reasons.push(`${name} ended with exit code ${code} (${why})${message ? `: ${message}` : ''}`);
  }
  return reasons;
}

function bracketed(reason: string | undefined, message: string | undefined): string {
  return [reason ? `[${reason}]` : '', message ?? ''].filter((part) => part !== '').join(' ');
}
