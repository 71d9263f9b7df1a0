import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** KUBECONFIG of the lab that the tests run in; fails where there is none. */
export function labKubeconfig(): string {
  const kubeconfig = process.env['KUBECONFIG'];
  if (!process.env['CASPER_LAB'] || !kubeconfig) {
    throw new Error(
      'no lab: run these tests by `npx casper lab up` and `npx casper lab exec -- npm run test:lab`',
    );
  }
  return kubeconfig;
}

/** Runs kubectl against the lab and gives what it prints. */
export async function kubectl(...args: string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: labKubeconfig() };
  return (await promisify(execFile)('kubectl', args, { env, maxBuffer: 64 << 20 })).stdout;
}

/** A live object, as kubectl prints it. */
export async function live<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  return JSON.parse(await kubectl('get', '-o', 'json', ...args)) as T;
}
