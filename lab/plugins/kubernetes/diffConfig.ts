import { loadTarget } from './kubeconfig';
import { asText } from './providerConfig';
import { equal, reveal, Unknown, type Property, type PropertyMap } from '../provider/properties';

export interface ConfigDiff {
  readonly diffs: string[];
  /** Settings whose change means another cluster: everything on it is made anew. */
  readonly replaces: string[];
}

const IDENTIFIER = 'clusterIdentifier';
const CLUSTER_SETTINGS = ['kubeconfig', 'context', 'cluster'];

/**
 * What changed in the provider's settings. Another address or CA of the cluster in use replaces, unless a
 * `clusterIdentifier` says that it is the same; what is not known yet replaces too.
 */
export function diffConfig(oldInputs: PropertyMap, newInputs: PropertyMap): ConfigDiff {
  const [olds, news] = [reveal(oldInputs), reveal(newInputs)];
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  const diffs = [...keys].filter((key) => !equal(olds[key], news[key]));
  const identified = news[IDENTIFIER] !== undefined && equal(olds[IDENTIFIER], news[IDENTIFIER]);
  if (diffs.length === 0 || identified) return { diffs, replaces: [] };
  const replaces = olds[IDENTIFIER] !== undefined && news[IDENTIFIER] !== undefined ? [IDENTIFIER] : [];
  const unknown = CLUSTER_SETTINGS.find((key) => news[key] instanceof Unknown);
  if (unknown !== undefined) return { diffs: [unknown], replaces: [...replaces, unknown] };
  const [before, after] = [activeCluster(olds), activeCluster(news)];
  if (before !== undefined && after !== undefined && before !== after) {
    replaces.push(...CLUSTER_SETTINGS.filter((key) => diffs.includes(key)));
  }
  return { diffs, replaces };
}

/** What the kubeconfig says of the cluster in use, as text to compare; undefined where it cannot be told. */
function activeCluster(inputs: PropertyMap): string | undefined {
  const kubeconfig = asText(inputs['kubeconfig']);
  if (!kubeconfig) return undefined;
  try {
    const { cluster } = loadTarget({
      kubeconfig,
      context: text(inputs['context']),
      cluster: text(inputs['cluster']),
    });
    return JSON.stringify(cluster);
  } catch {
    return undefined;
  }
}

function text(value: Property | undefined): string | undefined {
  return asText(value) || undefined;
}
