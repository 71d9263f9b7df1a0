import * as pulumi from '@pulumi/pulumi';
import type { MockResourceArgs } from '@pulumi/pulumi/runtime';

/** Every resource that a program registers, as the engine would see it. */
export type Recorded = MockResourceArgs & { readonly urn: string };

/** Lets Pulumi programs run without an engine; returns the list that fills as they register resources. */
export async function recordResources(
  outputs: (args: MockResourceArgs) => Record<string, unknown> = () => ({}),
): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        recorded.push({ ...args, urn: `${args.type}::${args.name}` });
        return { id: `${args.name}-id`, state: { ...(args.inputs as object), ...outputs(args) } };
      },
      call: ({ token }) => {
        throw new Error(`the program called ${token}, which no test expects`);
      },
    },
    'casper',
    'dev',
    false,
    'organization',
  );
  return recorded;
}

/** Waits until the engine has been told everything; only then may the next test begin. */
export async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
