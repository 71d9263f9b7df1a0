import { isMap, reveal, type Property, type PropertyMap } from '../provider/properties';

/** The provider's own settings, as the genuine provider names them; what is not set comes from the environment. */
export interface ProviderConfig {
  /** Path or contents of a kubeconfig; undefined means KUBECONFIG or ~/.kube/config. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
  readonly enablePatchForce: boolean;
  readonly upsertExistingObjects: boolean;
  readonly deleteUnreachable: boolean;
  readonly skipUpdateUnreachable: boolean;
  readonly enableConfigMapMutable: boolean;
  readonly enableSecretMutable: boolean;
  readonly suppressDeprecationWarnings: boolean;
}

// Settings that would change what the genuine provider does and that are not served here.
const REFUSED: Record<string, (value: Property) => boolean> = {
  renderYamlToDirectory: (value) => value !== '',
  enableServerSideApply: (value) => asText(value) === 'false',
};

/** Settings that are asked for and not served, with the reason for a person; empty where all is well. */
export function unservedSettings(inputs: PropertyMap): { property: string; reason: string }[] {
  return Object.entries(REFUSED)
    .filter(([name, refused]) => inputs[name] !== undefined && inputs[name] !== null && refused(inputs[name]))
    .map(([property]) => ({
      property,
      reason: `this stand-in for the Kubernetes provider does not serve ${property} = ${asText(inputs[property]) ?? ''}; install the genuine plugin for it`,
    }));
}

/** Reads the settings that the engine gives to `configure`. */
export function parseProviderConfig(given: PropertyMap, environment: NodeJS.ProcessEnv): ProviderConfig {
  const inputs = reveal(given);
  const text = (name: string): string | undefined => asText(inputs[name]) || undefined;
  const flag = (name: string, variable: string): boolean => (text(name) ?? environment[variable]) === 'true';
  return {
    kubeconfig: text('kubeconfig'),
    context: text('context'),
    cluster: text('cluster'),
    namespace: text('namespace'),
    enablePatchForce: flag('enablePatchForce', 'PULUMI_K8S_ENABLE_PATCH_FORCE'),
    upsertExistingObjects: flag('upsertExistingObjects', 'PULUMI_K8S_UPSERT_EXISTING_OBJECTS'),
    deleteUnreachable: flag('deleteUnreachable', 'PULUMI_K8S_DELETE_UNREACHABLE'),
    skipUpdateUnreachable: flag('skipUpdateUnreachable', 'PULUMI_K8S_SKIP_UPDATE_UNREACHABLE'),
    enableConfigMapMutable: flag('enableConfigMapMutable', 'PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE'),
    enableSecretMutable: flag('enableSecretMutable', 'PULUMI_K8S_ENABLE_SECRET_MUTABLE'),
    suppressDeprecationWarnings: flag(
      'suppressDeprecationWarnings',
      'PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS',
    ),
  };
}

/** A setting as text: booleans arrive as such or as text, objects (a kubeconfig) as such or as JSON. */
export function asText(value: Property | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  return value !== undefined && isMap(value) ? JSON.stringify(value) : undefined;
}
