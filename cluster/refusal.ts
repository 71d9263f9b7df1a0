import { ApiException } from './client';
import { ClusterError } from './connection';

/**
 * Waits for an answer of the API server; where the account lacks a right, the error says which, in its own words.
 * @throws ClusterError for 403, else what the request throws
 */
export async function withRights<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiException) || error.code !== 403) throw error;
    throw new ClusterError(
      `The API server refuses: ${messageOf(error.body)}. Give the account of the kubeconfig that right; ` +
        'deploy/kubernetes/roles.yaml has all that casper needs',
    );
  }
}

/** The message of the API server's Status, or whatever came instead. */
export function messageOf(body: unknown): string {
  if (typeof body !== 'string') return JSON.stringify(body);
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}
