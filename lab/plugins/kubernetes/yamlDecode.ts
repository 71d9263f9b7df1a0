import { parseAllDocuments } from 'yaml';
import { isNamespaced } from './checkInputs';
import type { ProviderContext } from './context';
import { gvkOf, kindOf, namespaceOf, withMetadata } from './kubernetesObject';
import { isMap, textAt, type Property, type PropertyMap } from '../provider/properties';

/**
 * The objects of a YAML text of several documents, for `kubernetes:yaml:decode`. Documents without a kind are left out;
 * namespaced objects that name no namespace get the default one where it is given.
 */
export async function decodeYaml(
  text: string,
  defaultNamespace: string,
  context: ProviderContext,
): Promise<PropertyMap[]> {
  const objects: PropertyMap[] = [];
  // Kubernetes reads YAML 1.1, in which `yes` is true and 0644 is octal.
  for (const document of parseAllDocuments(text, { version: '1.1', merge: true })) {
    const [error] = document.errors;
    if (error) throw new Error(`cannot decode the YAML: ${error.message}`);
    const value = document.toJS() as Property;
    if (!isMap(value) || kindOf(value) === '' || (textAt(value, 'apiVersion') ?? '') === '') continue;
    const open = defaultNamespace !== '' && namespaceOf(value) === '';
    const needs = open && (await isNamespaced(gvkOf(value), context));
    objects.push(needs ? withMetadata(value, { namespace: defaultNamespace }) : value);
  }
  return objects;
}
