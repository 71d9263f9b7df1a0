import {
  faultsOfBackup,
  faultsOfClusters,
  faultsOfDeployments,
  faultsOfHosts,
  faultsOfLeftOut,
  faultsOfPlan,
  faultsOfRegions,
} from './checks';
import { faultsOfLive } from './liveChecks';
import { faultsOfServing } from './servingChecks';
import { faultsOfSignals } from './signalsChecks';
import { stackSchema, type StackConfig } from './schema';

/**
 * The contract of the stack config: planning/ writes it, index.ts reads it, people edit it.
 * Every key is checked here, once; behind this file the types are trusted.
 */

export { acceptedFaults, heldReadyLevels, isRegionName } from './schema';
export type { DemandConfig, LiveConfig } from './liveSchema';
export type { CloudProvider, SignalsConfig, SourceConfig, SourceConfigOf, SourceKind } from './signalsSchema';
export type {
  AcceptedFault,
  HeldReady,
  HostConfig,
  OwnServiceConfig,
  RegionConfig,
  Resilience,
  ServiceConfig,
  StackConfig,
  StackPlan,
} from './schema';

const prefix = 'casper:';

const checksOfSettings = [
  faultsOfClusters,
  faultsOfRegions,
  faultsOfDeployments,
  faultsOfHosts,
  faultsOfSignals,
  faultsOfLive,
];
const checksOfPlan = [faultsOfPlan, faultsOfBackup, faultsOfLeftOut, faultsOfServing];

/** A stack config that cannot be used; the message names every fault by its path in the stack file. */
export class StackConfigError extends Error {
  override readonly name = 'StackConfigError';
}

/**
 * Checks the values of all `casper:` keys, given without that prefix.
 * @param source where they come from, for messages: a file's path or a stack's name
 * @param planToCome whether another plan is about to replace the one here, which need not fit the rest then
 * @throws StackConfigError that lists every fault with its path, and what was expected there
 */
export function parseStackConfig(
  values: Readonly<Record<string, unknown>>,
  source: string,
  planToCome = false,
): StackConfig {
  const parsed = stackSchema.safeParse(values);
  const faults = parsed.success
    ? (planToCome ? checksOfSettings : [...checksOfSettings, ...checksOfPlan]).flatMap((faultsOf) =>
        faultsOf(parsed.data),
      )
    : parsed.error.issues.map((issue) => {
        const path = `casper:${issue.path.map(String).join('.')}`;
        const value = valueAt(values, issue.path);
        const got =
          value === undefined || typeof value === 'object' ? '' : ` (it is ${JSON.stringify(value)})`;
        return `${path}: ${issue.message}${got}`;
      });
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new StackConfigError(
    `${source} cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}\nCorrect the stack file; docs/configuration.md lists every key.`,
  );
}

/**
 * The same for what a Pulumi program is given: every key of the stack with its value, objects as JSON text.
 * @param allConfig as from `pulumi.runtime.allConfig()`; keys of other namespaces are not looked at
 */
export function parseProgramConfig(allConfig: Readonly<Record<string, string>>, stack: string): StackConfig {
  const values = Object.entries(casperValues(allConfig)).map(
    ([key, text]) => [key, parseJson(text as string)] as const,
  );
  return parseStackConfig(Object.fromEntries(values), `The config of stack ${stack}`);
}

/** Takes the `casper:` keys out of the `config:` section of a stack file. */
export function casperValues(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** A value that was set as plain text reaches the schema as that text, which then says what it expected. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );
}
