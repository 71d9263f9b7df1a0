import type { Connection, ConnectResult } from './connection';
import type { EngineLog } from '../provider/engineLog';
import type { ProviderConfig } from './providerConfig';

/** What every step of the configured provider works with. */
export interface ProviderContext extends ConnectResult {
  readonly settings: ProviderConfig;
  readonly log: EngineLog;
  /** Aborted when the engine cancels. */
  readonly signal: AbortSignal;
}

/** The connection; undefined where the cluster cannot be asked. */
export function connectionOf(context: ProviderContext): Connection | undefined {
  return 'client' in context.connection ? context.connection : undefined;
}

/** Why the cluster cannot be asked. */
export function unreachableReason(context: ProviderContext): string {
  return 'reason' in context.connection ? context.connection.reason : '';
}

/** The connection; throws one clear message where the cluster cannot be asked. */
export function requireConnection(context: ProviderContext): Connection {
  const connection = connectionOf(context);
  if (!connection)
    throw new Error(`configured Kubernetes cluster is unreachable: ${unreachableReason(context)}`);
  return connection;
}
