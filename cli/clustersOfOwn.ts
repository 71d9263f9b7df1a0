import type { StackSetting } from '../stack/stackFile';
import { plainName } from './plainName';

/** What --context says cannot be used. */
export class ContextError extends Error {
  override readonly name = 'ContextError';
}

/** Where every region runs, by kubeconfig contexts; what a stack file says of it. */
export interface ClustersOfOwn {
  readonly regions: readonly { readonly name: string; readonly cluster?: string }[];
  readonly settings: readonly StackSetting[];
}

/**
 * Reads --context: one context for all regions, or `REGION[,REGION...]=CONTEXT` for each cluster. Pure.
 * @throws ContextError that names regions without a cluster, with two, or unknown
 */
export function clustersOfOwn(contexts: readonly string[], regions: readonly string[]): ClustersOfOwn {
  const [only] = contexts;
  if (contexts.length === 1 && only !== undefined && !only.includes('=')) {
    return {
      regions: regions.map((name) => ({ name })),
      settings: [{ keys: ['casper:cluster'], value: { context: only } }],
    };
  }
  const clusterOf = new Map<string, string>();
  const clusters = contexts.map((text) => {
    const [names, context] = splitOnce(text);
    if (context === '') {
      throw new ContextError(
        `--context ${text}: expected one context for all regions, or REGION[,REGION...]=CONTEXT for each cluster`,
      );
    }
    const name = plainName(context);
    for (const region of names.split(',')) {
      if (!regions.includes(region)) {
        throw new ContextError(
          `--context ${text}: ${region} is no region of the trace (${regions.join(', ')})`,
        );
      }
      if (clusterOf.has(region)) {
        throw new ContextError(`--context ${text}: ${region} is in ${clusterOf.get(region) ?? ''} already`);
      }
      clusterOf.set(region, name);
    }
    return { name, context };
  });
  const without = regions.filter((region) => !clusterOf.has(region));
  if (without.length > 0) {
    throw new ContextError(`--context: no cluster for ${without.join(', ')}; give each region one`);
  }
  return {
    regions: regions.map((name) => ({ name, cluster: clusterOf.get(name) ?? '' })),
    settings: [
      { keys: ['casper:clusters'], value: clusters },
      { keys: ['casper:cluster'], value: undefined },
    ],
  };
}

/** A context may have an `=` in it; a region's name has none. */
function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
