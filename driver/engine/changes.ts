import { isDeepStrictEqual } from 'node:util';
import type { EngineEvent, OpType } from '@pulumi/pulumi/automation';

/** One resource that an update moves. */
export interface ResourceChange {
  readonly operation: OpType;
  readonly urn: string;
  /** For people: kind and name, as in "Deployment us-east-1". */
  readonly resource: string;
  /** Changed properties with their old and new values; empty for creations and deletions. */
  readonly properties: readonly PropertyChange[];
}

export interface PropertyChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Types that act on nothing: stacks, what is read of them, and the providers of others. */
const bookkeeping = /^(pulumi:pulumi:Stack(Reference)?$|pulumi:providers:)/;

const quiet: ReadonlySet<OpType> = new Set(['same', 'read', 'refresh']);

/** Picks out of Pulumi's engine events what a preview or an update changes; components have no state of their own and are left out. */
export function changesOf(events: readonly EngineEvent[]): ResourceChange[] {
  const changes: ResourceChange[] = [];
  for (const { resourcePreEvent } of events) {
    const step = resourcePreEvent?.metadata;
    if (!step || quiet.has(step.op) || bookkeeping.test(step.type)) continue;
    // A component is not custom: no plugin makes it.
    if ((step.new ?? step.old)?.custom !== true) continue;
    const after = step.new?.inputs;
    const detailed = Object.keys(step.detailedDiff ?? {});
    // A dynamic resource says only that it differs, from its outputs: those are what a refresh finds.
    const before = detailed.length > 0 ? step.old?.inputs : step.old?.outputs;
    const paths = detailed.length > 0 ? detailed : topLevelDifferences(before, after);
    changes.push({
      operation: step.op,
      urn: step.urn,
      resource: resourceOf(step),
      properties: paths.map((path) => ({
        path,
        before: valueAt(before, path),
        after: valueAt(after, path),
      })),
    });
  }
  return changes;
}

/** For people: kind and name. */
function resourceOf({ type, urn }: { readonly type: string; readonly urn: string }): string {
  return `${type.split(':').at(-1) ?? type} ${urn.split('::').at(-1) ?? urn}`;
}

/** What an update that was ended had begun and not finished, in its order. */
export function underWay(events: readonly EngineEvent[]): string[] {
  const begun = new Map<string, string>();
  for (const { resourcePreEvent, resOutputsEvent, resOpFailedEvent } of events) {
    const step = resourcePreEvent?.metadata;
    if (step && (step.new ?? step.old)?.custom && !bookkeeping.test(step.type)) {
      begun.set(step.urn, resourceOf(step));
    }
    const done = resOutputsEvent ?? resOpFailedEvent;
    if (done) begun.delete(done.metadata.urn);
  }
  return [...begun.values()];
}

/** What an update says of regions whose CPU could not be changed in place: the pods were replaced instead. */
export function fallbacksOf(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resOutputsEvent }) => {
    const step = resOutputsEvent?.metadata;
    if (!step || quiet.has(step.op) || !step.type.endsWith(':PodCpu')) return [];
    const fallback: unknown = valueAt(step.new?.outputs, 'fallback');
    if (typeof fallback !== 'string' || fallback === '') return [];
    return [fallback];
  });
}

/** Where a plugin lies is no matter of the update. */
const fromPath = /^using pulumi-[\w-]+ from \$PATH /;

/** What the program itself warns of: a resource's warnings are Pulumi's to show. */
export function programWarnings(events: readonly EngineEvent[]): string[] {
  const messages = events.flatMap(({ diagnosticEvent }) => {
    const ofProgram = !diagnosticEvent?.urn || diagnosticEvent.urn.includes('::pulumi:pulumi:Stack::');
    return diagnosticEvent?.severity === 'warning' && ofProgram ? [plainText(diagnosticEvent.message)] : [];
  });
  return [...new Set(messages)].filter((message) => !fromPath.test(message));
}

/** A diagnostic without the marks of its colours. */
export function plainText(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, '').trim();
}

/** Pulumi's own properties begin with two underscores. */
function topLevelDifferences(before: object | undefined, after: object | undefined): string[] {
  if (!before || !after) return [];
  return Object.entries(after)
    .filter(([key, value]) => !key.startsWith('__') && !isDeepStrictEqual(value, valueAt(before, key)))
    .map(([key]) => key);
}

/** The value at a property path in Pulumi's notation: spec.containers[0].image, metadata.annotations["a/b"]. */
function valueAt(root: unknown, path: string): unknown {
  const keys = [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
  return keys.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    root,
  );
}
