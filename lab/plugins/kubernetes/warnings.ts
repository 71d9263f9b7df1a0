import type { ApiResponse } from './apiClient';
import { connectionOf, unreachableReason, type ProviderContext } from './context';

/** Shows what the API server warns of; deprecations only where the provider's settings do not suppress them. */
export function relayWarnings(response: ApiResponse, urn: string, context: ProviderContext): void {
  for (const warning of response.warnings) {
    if (context.settings.suppressDeprecationWarnings && warning.includes('deprecated')) continue;
    context.log.warn(urn, warning);
  }
}

/** Says once that the cluster cannot be asked, so that no preview looks surer than it is. */
export function warnIfUnreachable(urn: string, context: ProviderContext): void {
  if (connectionOf(context) || warned.has(context)) return;
  warned.add(context);
  context.log.warn(
    urn,
    `configured Kubernetes cluster is unreachable: ${unreachableReason(context)}. What is previewed has not been checked with it.`,
  );
}

const warned = new WeakSet<ProviderContext>();
