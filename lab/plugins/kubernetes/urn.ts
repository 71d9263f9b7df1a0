import { resourceType } from '../provider/urn';
import type { GroupVersionKind } from './kubernetesObject';

/** What a resource's type stands for in the API. Throws where the type does not name both a group and a version. */
export function gvkOfUrn(urn: string): GroupVersionKind {
  const type = resourceType(urn);
  const [pkg, module = '', kind = ''] = type.split(':');
  if (pkg !== 'kubernetes') throw new Error(`unrecognized resource type: "${type}" for this provider`);
  const parts = module.split('/');
  const [group, version] = parts;
  if (parts.length !== 2 || group === undefined || version === undefined) {
    throw new Error(`apiVersion does not have both a group and a version: "${module}"`);
  }
  return { group: group === 'core' ? '' : group, version, kind };
}

/** True for Patch resources, such as `DeploymentPatch` of the kind `Deployment`. */
export function isPatchResource(urn: string, kind: string): boolean {
  return resourceType(urn).split(':')[2] === `${kind}Patch`;
}
