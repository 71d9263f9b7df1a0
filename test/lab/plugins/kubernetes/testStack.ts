import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Provider, type ProviderArgs } from '@pulumi/kubernetes/provider';
import { EngineStack } from '../../../engineStack';

/** An image that the lab's nodes have and that runs until it is told to stop. */
export const LAB_IMAGE = process.env['CASPER_LAB_PAUSE_IMAGE'] ?? 'registry.k8s.io/pause:3.10';

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

/** A stack whose objects live in a namespace of the lab. */
export class TestStack extends EngineStack {
  private constructor(
    parts: Awaited<ReturnType<typeof EngineStack.parts>>,
    /** Namespace that is made for the test and thrown away after it. */
    public readonly namespace: string,
  ) {
    super(parts);
  }

  static async create(name: string): Promise<TestStack> {
    labKubeconfig();
    const parts = await EngineStack.parts(name);
    const namespace = `${name}-${parts.folder.slice(-6).toLowerCase()}`;
    await kubectl('create', 'namespace', namespace);
    return new TestStack(parts, namespace);
  }

  /** Throws the namespace away with all that the steps left in it; does not wait for that. */
  override async remove(): Promise<void> {
    await kubectl('delete', 'namespace', this.namespace, '--wait=false');
    await super.remove();
  }
}

/** The provider that a program of these tests uses; never the default one, which takes whatever context is current. */
export function labProvider(args: ProviderArgs = {}): Provider {
  return new Provider('lab', { kubeconfig: labKubeconfig(), ...args });
}
