import type { EngineEvent, GlobalOpts, Stack } from '@pulumi/pulumi/automation';
import { CommandError, ConcurrentUpdateError } from '@pulumi/pulumi/automation';
import { changesOf, type ResourceChange } from './change';

/** What a preview or an update moved, and how long it took. */
export interface StackChange {
  readonly changes: readonly ResourceChange[];
  readonly seconds: number;
}

/** An update or a preview that Pulumi refused or could not finish; the message says what to do. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
}

/** What `pulumi up` would change with this stack file. */
export function previewStack(stack: Stack, configFile: string): Promise<StackChange> {
  return observe(stack, 'preview', (onEvent) => stack.preview({ ...quietly, configFile, onEvent }));
}

/** `pulumi up` with this stack file. The engine applies growing regions before shrinking ones (index.ts). */
export function updateStack(stack: Stack, configFile: string): Promise<StackChange> {
  return observe(stack, 'up', (onEvent) => stack.up({ ...quietly, configFile, onEvent }));
}

const quietly = { color: 'never', suppressOutputs: true, suppressProgress: true } satisfies GlobalOpts;

async function observe(
  stack: Stack,
  what: 'preview' | 'up',
  work: (onEvent: (event: EngineEvent) => void) => Promise<unknown>,
): Promise<StackChange> {
  const events: EngineEvent[] = [];
  const start = performance.now();
  try {
    await work((event) => events.push(event));
  } catch (error) {
    throw new UpdateError(explain(stack, what, error, events));
  }
  return { changes: changesOf(events), seconds: (performance.now() - start) / 1000 };
}

function explain(stack: Stack, what: string, error: unknown, events: readonly EngineEvent[]): string {
  if (error instanceof ConcurrentUpdateError) {
    return (
      `Stack ${stack.name} is locked by another update. Wait for it; if none runs (a driver was killed), ` +
      `\`pulumi cancel --stack ${stack.name}\` in the project's folder takes the lock away. Nothing was changed.`
    );
  }
  const diagnostics = events
    .map(({ diagnosticEvent }) => diagnosticEvent)
    .filter((event) => event?.severity === 'error')
    .map((event) => event?.message.replace(/<\{%[^%]*%\}>/g, '').trim() ?? '')
    .filter((message, index, all) => message !== '' && all.indexOf(message) === index);
  if (diagnostics.length > 0) {
    return `pulumi ${what} of stack ${stack.name} failed:\n${diagnostics.join('\n')}${what === 'up' ? '\nWhat was not reached keeps the old plan; the next apply goes on from here.' : ''}`;
  }
  return `pulumi ${what} of stack ${stack.name} failed: ${error instanceof CommandError || error instanceof Error ? error.message : String(error)}`;
}
