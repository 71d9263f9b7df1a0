import type { PropertyMap } from '../properties';
import { gvkOf } from '../kubernetesObject';
import type { Awaiter } from './assessment';
import { deployment } from './deployment';

/** The kinds that are awaited, by group and kind. All others are ready once they exist. */
const AWAITERS: Record<string, Awaiter> = {
  'apps/Deployment': deployment,
};

/** How to wait for an object; undefined where there is nothing to wait for. */
export function awaiterFor(object: PropertyMap): Awaiter | undefined {
  const { group, kind } = gvkOf(object);
  return AWAITERS[`${group}/${kind}`];
}
