/** Name of a resource in the program: the last part of its URN. */
export function resourceName(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

/** Type token of a resource, such as `kubernetes:apps/v1:Deployment`. */
export function resourceType(urn: string): string {
  return (urn.split('::')[2] ?? '').split('$').at(-1) ?? '';
}
