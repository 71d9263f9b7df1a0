import type { EngineEvent, GlobalOpts, Stack } from '@pulumi/pulumi/automation';
import { ConcurrentUpdateError } from '@pulumi/pulumi/automation';
import { changesOf, fallbacksOf, plainText, programWarnings, underWay, type ResourceChange } from './changes';
import { Ending } from './ending';
import { damagedLocks, lockHolders, removeLock, type LockHolder } from './lock';
import { pendingCreates, type PendingCreate } from './pendingOperations';
import { isGone, onRecord } from './updateRecord';

/** What a preview or an update moved, and how long it took. */
export interface StackChange {
  readonly changes: readonly ResourceChange[];
  readonly seconds: number;
  /** What people should know besides. */
  readonly notes: readonly string[];
}

/** An update or a preview that Pulumi refused or could not finish; the message says what to do. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
}

/** Another update holds the stack's lock; the message says whose it is. */
export class StackLockedError extends Error {
  override readonly name = 'StackLockedError';
}

/** When an update or a preview ends before its end: in order, so that Pulumi finishes or takes back what it has begun. */
export interface Limits {
  /** Its reason is the error to end with. */
  readonly cancelled?: AbortSignal | undefined;
  /** An hour when absent. */
  readonly withinSeconds?: number;
}

const defaultSeconds = 3600;

/** What `pulumi up` would change with this stack file. */
export function previewStack(stack: Stack, configFile: string, limits: Limits = {}): Promise<StackChange> {
  return observe(stack, 'preview', configFile, limits, (options) =>
    stack.preview({ ...quietly, configFile, ...options }),
  );
}

/**
 * `pulumi up` with this stack file. The engine applies growing regions before shrinking ones (index.ts).
 * @param replace URNs of resources to make anew though nothing about them changed
 */
export function updateStack(
  stack: Stack,
  configFile: string,
  replace: readonly string[] = [],
  limits: Limits = {},
): Promise<StackChange> {
  // Asked for secrets, Pulumi would read the history with a stack file in the project's folder, and make one there.
  return observe(stack, 'up', configFile, limits, (options) =>
    stack.up({ ...quietly, configFile, ...options, showSecrets: false, replace: [...replace] }),
  );
}

/** `pulumi refresh`: takes what runs into the stack's state, so that the next update sees where it differs. */
export function refreshStack(stack: Stack, configFile: string, limits: Limits = {}): Promise<StackChange> {
  return observe(stack, 'refresh', configFile, limits, (options) =>
    stack.refresh({ ...quietly, configFile, ...options, showSecrets: false }),
  );
}

const quietly = { color: 'never', suppressOutputs: true, suppressProgress: true } satisfies GlobalOpts;

interface WorkOptions {
  readonly onEvent: (event: EngineEvent) => void;
  readonly signal: AbortSignal;
}

async function observe(
  stack: Stack,
  what: 'preview' | 'up' | 'refresh',
  configFile: string,
  { cancelled, withinSeconds = defaultSeconds }: Limits,
  work: (options: WorkOptions) => Promise<unknown>,
): Promise<StackChange> {
  cancelled?.throwIfAborted();
  const start = performance.now();
  const notes: string[] = [];
  let events: EngineEvent[] = [];
  const ending = new Ending(withinSeconds, cancelled);
  let forgotten: string | null = null;
  let waitedFor: readonly string[] = [];
  ending.signal.addEventListener('abort', () => {
    // What is cancelled counts as done soon after.
    waitedFor = underWay(events);
  });
  const attempt = async (): Promise<void> => {
    events = [];
    await onRecord(() => work({ onEvent: (event) => events.push(event), signal: ending.signal }));
  };
  try {
    await attempt().catch(async (error: unknown) => {
      notes.push(await takeOver(stack, error));
      await attempt();
    });
    if (what === 'up' && programWarnings(events).some(isOfPending)) {
      forgotten = await forgetPending(stack, configFile, ending.signal);
    }
  } catch (error) {
    cancelled?.throwIfAborted();
    if (ending.isLate) throw lateError(stack, what, withinSeconds, waitedFor);
    if (error instanceof UpdateError) throw error;
    throw (await damagedLockError(stack, error)) ?? explain(stack, what, error, events);
  } finally {
    ending.letGo();
  }
  const warnings = programWarnings(events).filter((warning) => forgotten === null || !isOfPending(warning));
  return {
    changes: changesOf(events),
    seconds: (performance.now() - start) / 1000,
    // Before an update it is not known yet.
    notes: [
      ...notes,
      ...(forgotten === null ? [] : [forgotten]),
      ...warnings,
      ...(what === 'preview' ? [] : fallbacksOf(events)),
    ],
  };
}

/**
 * A driver that was killed has left its lock: the next one goes on from there.
 * @param error that an update failed of
 * @returns a note of what was taken over
 * @throws the error where it is another one, or whoever has the lock is not proved to be dead
 */
async function takeOver(stack: Stack, error: unknown): Promise<string> {
  if (!(error instanceof ConcurrentUpdateError)) throw error;
  const all = lockHolders(error.message);
  const holders = all.filter(hasFile);
  if (holders.length === 0 || holders.length < all.length || !holders.every(isGone)) throw error;
  assertMayBeMadeAgain(stack, pendingCreates(await stack.exportStack()), holders);
  holders.forEach(removeLock);
  return `took over the lock of ${holders.map(describeHolder).join(', ')}, which runs no longer`;
}

/** @throws UpdateError that names what a person has to look at; the lock stays until then */
function assertMayBeMadeAgain(
  stack: Stack,
  pending: readonly PendingCreate[],
  holders: readonly (LockHolder & { readonly file: string })[],
): void {
  const unknown = pending.filter(({ mayBeMadeAgain }) => !mayBeMadeAgain);
  if (unknown.length === 0) return;
  const locks = holders.map(({ file }) => `'${file}'`).join(' ');
  throw new UpdateError(
    `Stack ${stack.name}: an update was killed while it made ${unknown.map(({ urn }) => nameOf(urn)).join(', ')}, and nobody ` +
      `noted whether that is there: made again, it could be there twice. \`rm ${locks} && pulumi refresh --stack ${stack.name}\` ` +
      'in the project’s folder asks of each whether to forget it or to import it; then apply again. Nothing was changed.',
  );
}

/** Pulumi's warning, which it repeats at every update until the state has been made to forget. */
function isOfPending(warning: string): boolean {
  return warning.startsWith('Attempting to deploy or update resources with ');
}

/**
 * After an update that has made again what was being made when one before it was killed: has the state forget that.
 * @returns a note of it; null where a person has to look at it, or it could not be done: then Pulumi's warning stays
 */
async function forgetPending(stack: Stack, configFile: string, signal: AbortSignal): Promise<string | null> {
  try {
    const pending = pendingCreates(await stack.exportStack());
    if (!pending.every(({ mayBeMadeAgain }) => mayBeMadeAgain)) return null;
    const forget = { ...quietly, configFile, signal, showSecrets: false, clearPendingCreates: true };
    await onRecord(() => stack.refresh(forget));
    const names = pending.map(({ urn }) => nameOf(urn)).join(', ');
    return `was being made when an update was killed, and was made again: ${names}`;
  } catch {
    return null;
  }
}

/** Type and name of a resource. */
function nameOf(urn: string): string {
  return urn.split('::').slice(-2).join(' ');
}

function hasFile(holder: LockHolder): holder is LockHolder & { readonly file: string } {
  return holder.file !== undefined;
}

/** Pulumi says of a lock that is empty or cut what is wrong with its JSON, and not that it is a lock, nor which. */
async function damagedLockError(stack: Stack, error: unknown): Promise<StackLockedError | null> {
  if (!/JSON input|invalid character/.test(String(error))) return null;
  const url = await stack.workspace.whoAmI().then(
    (self) => self.url ?? '',
    () => '',
  );
  const files = damagedLocks(url);
  if (files.length === 0) return null;
  return new StackLockedError(
    `Stack ${stack.name} cannot be locked: ${files.join(', ')} is empty or cut, so it does not say whose lock it is. ` +
      `If no update of the stack runs anywhere, remove it: rm ${files.map((file) => `'${file}'`).join(' ')}. Nothing was changed.`,
  );
}

function describeHolder({ user, host, pid, since }: LockHolder): string {
  return `process ${pid} of ${user}@${host} (since ${since})`;
}

function explain(stack: Stack, what: string, error: unknown, events: readonly EngineEvent[]): Error {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof ConcurrentUpdateError) {
    const holders = lockHolders(text);
    const files = holders.filter(hasFile).map(({ file }) => `'${file}'`);
    const remedy = files.length > 0 ? `rm ${files.join(' ')}` : `pulumi cancel --stack ${stack.name}`;
    return new StackLockedError(
      `Stack ${stack.name} is locked by ${holders.map(describeHolder).join(', ') || 'another update'}. Wait for it. That ` +
        `it runs no longer cannot be proved from here; where you know it, \`${remedy}\` in the project's folder takes the ` +
        'lock away. Nothing was changed.',
    );
  }
  const diagnostics = events
    .map(({ diagnosticEvent }) => diagnosticEvent)
    .filter((event) => event?.severity === 'error')
    .map((event) => plainText(event?.message ?? ''))
    .filter((message, index, all) => message !== '' && all.indexOf(message) === index);
  const reached = what === 'up' ? `\n${notReached}` : '';
  const told = diagnostics.length > 0 ? `\n${diagnostics.join('\n')}${reached}` : text;
  return new UpdateError(`pulumi ${what} of stack ${stack.name} failed: ${told}${remedyForHostKey(told)}`);
}

const notReached = 'What was not reached keeps the old plan; the next apply goes on from here.';

function lateError(stack: Stack, what: string, seconds: number, waitedFor: readonly string[]): UpdateError {
  return new UpdateError(
    `pulumi ${what} of stack ${stack.name} did not end within ${seconds} s, and was cancelled` +
      `${waitedFor.length > 0 ? `: it waited for ${waitedFor.join(', ')}` : ''}. See whether what is waited for answers, ` +
      `its host or its cluster; where it only takes longer, raise casper:service.updateTimeoutSeconds.${what === 'up' ? ` ${notReached}` : ''}`,
  );
}

/** What to do about a host that shows another key than it did, in the words of the command provider; pure. */
export function remedyForHostKey(text: string): string {
  if (!/host key mismatch/.test(text)) return '';
  return (
    "\nThe host shows another key than the one that casper:hosts (ssh.hostKey) or the user's known_hosts file has of it: " +
    'either somebody stands between, or the host was made anew. Nothing was sent to it. Compare the key with the output ' +
    'of `ssh-keygen -l` on the host; if it is its own, correct hostKey, or forget the former key: ssh-keygen -R ADDRESS.'
  );
}
