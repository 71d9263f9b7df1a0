/** Lower-case letters, digits and dashes of a text, for what becomes part of names of Pulumi and Kubernetes. */
export function plainName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(-52)
    .replaceAll(/^-+|-+$/g, '');
}
