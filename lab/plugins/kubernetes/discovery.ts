import { promises as timers } from 'node:timers';
import type { ApiClient } from './apiClient';
import { ApiError, NoSuchKindError } from './apiErrors';
import { apiVersionOf, describeGvk, type GroupVersionKind } from './kubernetesObject';
import { mapsAt, textAt } from '../provider/properties';

interface ServedKind {
  readonly kind: string;
  /** Plural name in paths. */
  readonly resource: string;
  readonly namespaced: boolean;
}

/** How often to ask whether a new kind is served, in milliseconds. */
const SERVED_AGAIN_MS = 50;

/** What the API server serves, asked for once a group and version and remembered. */
export class Discovery {
  private readonly known = new Map<string, Promise<ServedKind[]>>();

  constructor(private readonly client: ApiClient) {}

  /** Forgets what is known: after a definition of custom resources came or went. */
  forget(): void {
    this.known.clear();
  }

  /** The kind as it is served; undefined where it is not. */
  async find(gvk: GroupVersionKind): Promise<ServedKind | undefined> {
    const groupVersion = apiVersionOf(gvk);
    let kinds = this.known.get(groupVersion);
    if (!kinds) {
      kinds = this.fetch(gvk);
      this.known.set(groupVersion, kinds);
      // A failure is not remembered.
      kinds.catch(() => this.known.delete(groupVersion));
    }
    return (await kinds).find(({ kind }) => kind === gvk.kind);
  }

  /** Waits until the kind is served, asking anew each time. Gives false when it is not within the time. */
  async served(gvk: GroupVersionKind, withinMs: number, signal: AbortSignal): Promise<boolean> {
    const end = performance.now() + withinMs;
    for (;;) {
      this.known.delete(apiVersionOf(gvk));
      if (await this.find(gvk)) return true;
      if (performance.now() > end || signal.aborted) return false;
      await timers.setTimeout(SERVED_AGAIN_MS);
    }
  }

  /** Path of an object of this kind, or of all of them when `name` is absent. Throws {@link NoSuchKindError}. */
  async path(gvk: GroupVersionKind, namespace: string, name?: string): Promise<string> {
    const served = await this.find(gvk);
    if (!served) {
      this.known.delete(apiVersionOf(gvk));
      throw new NoSuchKindError(`no matches for kind "${gvk.kind}" in version "${apiVersionOf(gvk)}"`);
    }
    const parts = [gvk.group ? `/apis/${gvk.group}/${gvk.version}` : `/api/${gvk.version}`];
    if (served.namespaced) {
      if (namespace === '') throw new Error(`${describeGvk(gvk)} ${name ?? ''} needs a namespace`);
      parts.push('namespaces', encodeURIComponent(namespace));
    }
    parts.push(served.resource);
    if (name !== undefined) parts.push(encodeURIComponent(name));
    return parts.join('/');
  }

  private async fetch(gvk: GroupVersionKind): Promise<ServedKind[]> {
    const path = gvk.group ? `/apis/${gvk.group}/${gvk.version}` : `/api/${gvk.version}`;
    try {
      const { body } = await this.client.request({ method: 'GET', path });
      return mapsAt(body, 'resources')
        .filter((resource) => textAt(resource, 'name')?.includes('/') === false)
        .map((resource) => ({
          kind: textAt(resource, 'kind') ?? '',
          resource: textAt(resource, 'name') ?? '',
          namespaced: resource['namespaced'] === true,
        }));
    } catch (error) {
      if (error instanceof ApiError && error.notFound) {
        // May be served a moment later, when its definition is there.
        this.known.delete(apiVersionOf(gvk));
        return [];
      }
      throw error;
    }
  }
}
