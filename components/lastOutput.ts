import * as pulumi from '@pulumi/pulumi';

/**
 * An output that this stack had after its last update; undefined where there was none. So what is live is known from
 * the stack itself, whoever runs the update.
 */
export async function lastOutput(name: string): Promise<unknown> {
  const self = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
  return (await new pulumi.StackReference(self).getOutputDetails(name)).value;
}
