import type { Stack } from '@pulumi/pulumi/automation';
import { z } from 'zod';
import type { StackConfig } from '../stack/stackConfig';
import { silentOrigins } from './entryPoints';
import { hasDied } from './verify/prometheus';

/**
 * A process that does not answer here, which may be the way to it and not the process: its host is the one to ask. Made
 * anew by Pulumi, it is started there where it has died or hangs, and left alone where it runs.
 */
export interface SilentProcess {
  /** For people, as in "the Traefik of us-east-1". */
  readonly name: string;
  readonly urn: string;
}

type Part = 'process' | 'weights';

/** URNs that the program gives out for what an update may have to replace. */
const outputsSchema = z.object({
  traefikUrns: z.record(z.string(), z.object({ process: z.string(), weights: z.string() })).default({}),
  prometheusUrn: z.string().nullish(),
});

/** The processes of the request path that do not answer; those that the stack has not made yet are left out. */
export async function silentProcesses(stack: Stack, config: StackConfig): Promise<SilentProcess[]> {
  const [origins, prometheusDied] = await Promise.all([silentOrigins(config), hasDied(config)]);
  if (origins.length === 0 && !prometheusDied) return [];
  const { traefikUrns, prometheusUrn } = await outputsOf(stack);
  return [
    ...origins.flatMap((origin) => {
      const urn = traefikUrns[origin]?.process;
      return urn === undefined ? [] : [{ name: `the Traefik of ${origin}`, urn }];
    }),
    ...(prometheusDied && typeof prometheusUrn === 'string'
      ? [{ name: 'Prometheus', urn: prometheusUrn }]
      : []),
  ];
}

/** URNs of a part of some origins' Traefiks. */
export async function traefikUrns(stack: Stack, part: Part, origins: readonly string[]): Promise<string[]> {
  if (origins.length === 0) return [];
  const urns = (await outputsOf(stack)).traefikUrns;
  return origins.flatMap((origin) => urns[origin]?.[part] ?? []);
}

async function outputsOf(stack: Stack): Promise<z.infer<typeof outputsSchema>> {
  const outputs = await stack.workspace.stackOutputs(stack.name);
  return outputsSchema.parse(
    Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value as unknown])),
  );
}
