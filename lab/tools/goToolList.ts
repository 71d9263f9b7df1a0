export type GoToolName =
  | 'kubernetes'
  | 'pulumi-resource-kubernetes'
  | 'pulumi'
  | 'pulumi-language-nodejs'
  | 'metallb'
  | 'traefik'
  | 'metrics-server';

/** Programs that are built from one upstream module, whose version a go.mod of this folder pins. */
export interface GoTool {
  readonly name: GoToolName;
  /** The module that gives the version. */
  readonly module: string;
  /** The version that the programs report, where the module's own names no release. */
  readonly release?: string;
  /** Folder of the go.mod that it is built by, below this one. */
  readonly folder: string;
  readonly packages: readonly string[];
  /** Folders of this one with sources of its own. */
  readonly sources?: readonly string[];
  /** What the lab calls the programs by. */
  readonly programs: readonly string[];
  /** The one program that all of these are links to; it goes by the name that it is called by. */
  readonly linkedTo?: string;
  /** Go variable that the programs report as their version; without it they report none. */
  readonly versionVariable?: string;
  /** How a program that is on PATH is asked for its version; absent where there is no way to ask. */
  readonly versionArgs?: (program: string) => readonly string[];
}

/**
 * In the order in which they are built: what the others share comes with the first ones, and what a lab can do without
 * for longest comes last.
 */
export const goToolList: readonly GoTool[] = [
  {
    name: 'kubernetes',
    module: 'k8s.io/kubernetes',
    folder: '.',
    packages: ['./kubernetes'],
    sources: ['kubernetes'],
    programs: [
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kube-proxy',
      'kubelet',
      'kubectl',
    ],
    linkedTo: 'kubernetes',
    versionVariable: 'k8s.io/component-base/version.gitVersion',
    versionArgs: (program) => (program === 'kubectl' ? ['version', '--client'] : ['--version']),
  },
  {
    // Where Pulumi has installed its own plugin this one is not built: see pulumiPlugins.ts.
    name: 'pulumi-resource-kubernetes',
    module: 'github.com/pulumi/pulumi-kubernetes/provider/v4',
    // The module is of a day between this release and the next.
    release: '4.24.1',
    folder: '.',
    packages: ['./pulumi-resource-kubernetes'],
    sources: ['pulumi-resource-kubernetes', 'pulumi-kubernetes-sdk'],
    programs: ['pulumi-resource-kubernetes'],
    versionVariable: 'main.version',
  },
  {
    name: 'pulumi',
    module: 'github.com/pulumi/pulumi/pkg/v3',
    folder: '.',
    packages: ['github.com/pulumi/pulumi/pkg/v3/cmd/pulumi'],
    programs: ['pulumi'],
    versionVariable: 'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version',
    versionArgs: () => ['version'],
  },
  {
    // Of an older version of a module that Pulumi's command line needs too, so it has a go.mod of its own.
    name: 'pulumi-language-nodejs',
    module: 'github.com/pulumi/pulumi/sdk/v3',
    folder: 'pulumi-language-nodejs',
    packages: ['github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs'],
    programs: ['pulumi-language-nodejs'],
  },
  {
    name: 'metallb',
    module: 'go.universe.tf/metallb',
    folder: '.',
    packages: ['go.universe.tf/metallb/controller', 'go.universe.tf/metallb/speaker'],
    programs: ['controller', 'speaker'],
  },
  {
    // The module brings a placeholder for its web page, so that it builds without one; the API is whole.
    name: 'traefik',
    module: 'github.com/traefik/traefik/v3',
    folder: '.',
    packages: ['github.com/traefik/traefik/v3/cmd/traefik'],
    programs: ['traefik'],
    versionVariable: 'github.com/traefik/traefik/v3/pkg/version.Version',
    versionArgs: () => ['version'],
  },
  {
    name: 'metrics-server',
    module: 'sigs.k8s.io/metrics-server',
    folder: '.',
    packages: ['sigs.k8s.io/metrics-server/cmd/metrics-server'],
    programs: ['metrics-server'],
  },
];
