import * as pulumi from '@pulumi/pulumi';
import { controlScript } from './controlScript';
import { hostCommand, type Host } from './host';

export interface HostProcessArgs {
  readonly host: Host;
  /** Absolute path of a folder that is the process's own; made, and removed at the end with all that is in it. */
  readonly folder: pulumi.Input<string>;
  /** Path of the program on the host. */
  readonly program: pulumi.Input<string>;
  /** Arguments without white space; one of them must end in `=<folder>/<configName>`, which the process is known by. */
  readonly arguments: readonly pulumi.Input<string>[];
  /** Name of the program's own configuration file, ending in .yml. */
  readonly configName: string;
  /** Content of that file; the process is started anew only where it or the arguments change. */
  readonly config: pulumi.Input<string>;
  /** URL that answers 2xx once the process is ready. */
  readonly readyUrl: pulumi.Input<string>;
  /** Folder that the process needs in its own, by name. */
  readonly subfolder: string;
  /** Content of web.yml, which nobody else may read there: the process looks into it at every request. None when absent. */
  readonly web?: pulumi.Input<string> | undefined;
}

/** A process on a host, and the folder that it lives in. */
export interface HostProcess {
  /** Made anew where the process moves; what lies in the folder hangs on its id by a trigger. */
  readonly folder: pulumi.CustomResource;
  readonly process: pulumi.CustomResource;
  /** Command line of the script that looks after the folder, without its verb. */
  readonly control: pulumi.Output<string>;
}

/** A process that outlives the command that starts it; docs/hosts.md says what is where. */
export function hostProcess(name: string, args: HostProcessArgs, parent: pulumi.Resource): HostProcess {
  const { host, folder: path } = args;
  const control = pulumi.interpolate`sh ${path}/control`;
  // Something that moves is removed where it was before it is made where it goes: both may want one port.
  const opts = { parent, deleteBeforeReplace: true };
  const script = controlScript();
  // A script that was cut on its way would be half a script for good.
  const install = pulumi.interpolate`mkdir -p ${path}/${args.subfolder} && timeout 60 cat > ${path}/control.new && [ "$(($(wc -c < ${path}/control.new)))" = ${Buffer.byteLength(script)} ] && mv ${path}/control.new ${path}/control || { echo 'the script did not arrive as a whole; the one before stays: apply again' >&2; exit 1; }`;
  const folder = hostCommand(
    `${name}-folder`,
    host,
    {
      create: install,
      // Who looks after the process meanwhile does so by the script before.
      update: pulumi.interpolate`${install}; ${control} keep`,
      delete: pulumi.interpolate`${control} remove`,
      stdin: script,
      triggers: [host.connection?.host ?? 'this machine', path],
    },
    opts,
  );
  const web = args.web === undefined ? [] : [webFile(name, args.web, { ...opts, host, control, folder })];
  const start = pulumi.interpolate`${control} process`;
  const process = hostCommand(
    `${name}-process`,
    host,
    {
      create: start,
      update: start,
      // Nothing on deletion: what is removed for good goes with its folder, and what is only made anew
      // (`pulumi up --replace`) is started where it has died, and left alone where it runs.
      stdin: linesOf([
        host.name,
        args.program,
        pulumi.all([...args.arguments]).apply((values) => values.join(' ')),
        args.configName,
        args.readyUrl,
        args.config,
      ]),
      triggers: [folder.id],
    },
    { ...opts, dependsOn: [folder, ...web] },
  );
  return { folder, process, control };
}

/** A file of its own, so that its content changes without a restart, and is a secret where the configuration is none. */
function webFile(
  name: string,
  content: pulumi.Input<string>,
  {
    host,
    control,
    folder,
    ...opts
  }: pulumi.CustomResourceOptions & {
    readonly host: Host;
    readonly control: pulumi.Input<string>;
    readonly folder: pulumi.CustomResource;
  },
): pulumi.CustomResource {
  const write = pulumi.interpolate`${control} web`;
  return hostCommand(
    `${name}-web`,
    host,
    {
      create: write,
      update: write,
      delete: pulumi.interpolate`${control} no-web`,
      stdin: pulumi.secret(linesOf([host.name, content])),
      triggers: [folder.id],
    },
    { ...opts, dependsOn: folder },
  );
}

/** Values for the script, a line each, behind the number of bytes that they are. */
export function linesOf(values: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.all([...values]).apply((lines) => {
    const text = lines.join('\n');
    return `${Buffer.byteLength(text)}\n${text}`;
  });
}
