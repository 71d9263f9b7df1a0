import { userInfo } from 'node:os';
import { Command as LocalCommand, type CommandArgs } from '@pulumi/command/local';
import { Command as RemoteCommand } from '@pulumi/command/remote';
import * as pulumi from '@pulumi/pulumi';
import { knownHostKey } from './knownHosts';

/** How to reach a host by ssh. */
export interface SshConnection {
  /** Address of the host. */
  readonly host: pulumi.Input<string>;
  /** TCP port; 22 when absent. */
  readonly port?: pulumi.Input<number> | undefined;
  /** User; the one who runs Pulumi when absent, as of ssh itself. */
  readonly user?: pulumi.Input<string> | undefined;
  /** Text of a private key; without it an ssh agent is asked. */
  readonly privateKey?: pulumi.Input<string> | undefined;
  /** The host's public key, as in a known_hosts file behind the name; the one of the user's own known_hosts file when absent. */
  readonly hostKey?: pulumi.Input<string> | undefined;
}

/** A machine that processes of the request path run on. */
export interface Host {
  /** Name, for messages. */
  readonly name: string;
  /** Absent for the machine that Pulumi runs on. */
  readonly connection?: SshConnection | undefined;
}

export type HostCommandArgs = Pick<CommandArgs, 'create' | 'update' | 'delete' | 'stdin' | 'triggers'>;

/** Failed attempts to connect after which a step fails: a host that is away is reported in a second, not in a minute. */
const DIAL_ERROR_LIMIT = 3;

/** The host's script ends what it does after 3 minutes; this is for the way there. */
const LONGEST = '4m';
const customTimeouts = { create: LONGEST, update: LONGEST, delete: LONGEST };

/**
 * A command on a host. What it needs to know goes by `stdin`: an ssh server need not accept any variable.
 * @param args the commands; `create` and `update` are run by the user's shell, a POSIX one
 */
export function hostCommand(
  name: string,
  { connection }: Host,
  args: HostCommandArgs,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const opts = { customTimeouts, ...options };
  // What a command printed is of no use to the next, and would be refused by most ssh servers, with a warning.
  const common = { ...args, addPreviousOutputInEnv: false };
  if (!connection) return new LocalCommand(name, common, opts);
  const { host, port = 22, user = userInfo().username, privateKey } = connection;
  const hostKey = pulumi
    .all([host, port, connection.hostKey])
    .apply(([address, at, given]) => Promise.resolve(given ?? knownHostKey(address, at)));
  return new RemoteCommand(
    name,
    {
      ...common,
      connection: {
        host,
        port,
        user,
        dialErrorLimit: DIAL_ERROR_LIMIT,
        hostKey,
        ...(privateKey === undefined ? {} : { privateKey }),
      },
    },
    opts,
  );
}
