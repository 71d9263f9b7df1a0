import { promises as timers } from 'node:timers';
import type { ApiClient } from '../apiClient';
import { ApiError } from '../apiErrors';
import { uidOf } from '../kubernetesObject';
import { isMap, mapsAt, textAt, type PropertyMap } from '../../provider/properties';

/** How long one watch lasts before the objects are listed anew, in seconds. */
const WATCH_SECONDS = 120;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** The objects of a list request as they are now: kept up to date by a watch, listed anew when the watch breaks. */
export class WatchedList {
  private objects = new Map<string, PropertyMap>();
  private listed = false;

  constructor(
    private readonly client: ApiClient,
    private readonly path: string,
    private readonly query: Readonly<Record<string, string | undefined>>,
    private readonly changed: () => void,
  ) {}

  /** False until the first list has come. */
  get known(): boolean {
    return this.listed;
  }

  get items(): PropertyMap[] {
    return [...this.objects.values()];
  }

  /** Follows the objects until the signal ends it. Never throws: what may not be read counts as empty. */
  async follow(signal: AbortSignal): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      try {
        await this.watch(await this.list(signal), signal);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        if (error instanceof ApiError && (error.forbidden || error.notFound)) {
          this.replaceBy([]);
          retryMs = LAST_RETRY_MS;
        }
      }
      await timers.setTimeout(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  private async list(signal: AbortSignal): Promise<string> {
    const { body } = await this.client.request({ method: 'GET', path: this.path, query: this.query, signal });
    // Items of a list come without their kind.
    const apiVersion = body['apiVersion'] ?? '';
    const kind = textAt(body, 'kind')?.replace(/List$/, '') ?? '';
    this.replaceBy(mapsAt(body, 'items').map((item) => ({ apiVersion, kind, ...item })));
    return textAt(body, 'metadata', 'resourceVersion') ?? '';
  }

  private replaceBy(items: PropertyMap[]): void {
    this.objects = new Map(items.map((item) => [uidOf(item), item]));
    this.listed = true;
    this.changed();
  }

  private async watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout((WATCH_SECONDS + 10) * 1000)]);
    const query = { ...this.query, watch: 'true', resourceVersion, timeoutSeconds: String(WATCH_SECONDS) };
    for await (const event of this.client.stream({ method: 'GET', path: this.path, query, signal: limit })) {
      const object = event['object'];
      if (event['type'] === 'ERROR' || object === undefined || !isMap(object)) return;
      if (event['type'] === 'DELETED') this.objects.delete(uidOf(object));
      else this.objects.set(uidOf(object), object);
      this.changed();
    }
  }
}
