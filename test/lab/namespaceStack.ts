import { Provider, type ProviderArgs } from '@pulumi/kubernetes/provider';
import { EngineStack } from '../engineStack';
import { kubectl, labKubeconfig } from './kubectl';

/** A stack with a namespace of the lab for its objects. */
export class NamespaceStack extends EngineStack {
  private constructor(
    parts: Awaited<ReturnType<typeof EngineStack.parts>>,
    /** Made for the test and thrown away after it. */
    public readonly namespace: string,
  ) {
    super(parts);
  }

  static async create(name: string): Promise<NamespaceStack> {
    labKubeconfig();
    const parts = await EngineStack.parts(name);
    const namespace = `${name}-${parts.folder.slice(-6).toLowerCase()}`;
    await kubectl('create', 'namespace', namespace);
    return new NamespaceStack(parts, namespace);
  }

  /** Throws the namespace away with all that the steps left in it; does not wait for that. */
  override async remove(): Promise<void> {
    await kubectl('delete', 'namespace', this.namespace, '--wait=false');
    await super.remove();
  }
}

/**
 * The provider of these tests' programs; never the default one, which takes whatever context is current. Another
 * kubeconfig is the same cluster to it, and replaces nothing.
 */
export function labProvider(args: ProviderArgs = {}): Provider {
  return new Provider('lab', { kubeconfig: labKubeconfig(), clusterIdentifier: 'lab', ...args });
}
