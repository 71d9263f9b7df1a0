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

const quiet: ReadonlySet<OpType> = new Set(['same', 'read', 'refresh']);

/** Picks out of Pulumi's engine events what a preview or an update changes; components have no state of their own and are left out. */
export function changesOf(events: readonly EngineEvent[]): ResourceChange[] {
  const changes: ResourceChange[] = [];
  for (const { resourcePreEvent } of events) {
    const step = resourcePreEvent?.metadata;
    if (!step || quiet.has(step.op) || step.type === 'pulumi:pulumi:Stack' || step.type.startsWith('casper:'))
      continue;
    const { old: before, new: after } = step;
    changes.push({
      operation: step.op,
      urn: step.urn,
      resource: `${step.type.split(':').at(-1) ?? step.type} ${step.urn.split('::').at(-1) ?? step.urn}`,
      properties: Object.keys(step.detailedDiff ?? {}).map((path) => ({
        path,
        before: valueAt(before?.inputs, path),
        after: valueAt(after?.inputs, path),
      })),
    });
  }
  return changes;
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
