import { ClusterError } from '../cluster/connection';
import { servingFaults } from '../stack/servingChecks';
import type { StackConfig } from '../stack/stackConfig';

/**
 * What a plan is carried out with though it would be refused, in words: whoever has accepted a fault sees each time
 * what it is.
 * @param assertNodesHold asks whether the nodes have the CPU that the plan asks for
 * @throws ClusterError where they have not, and nobody has accepted that
 */
export async function overrides(
  config: StackConfig,
  assertNodesHold: () => Promise<void>,
): Promise<string[]> {
  const accepted = new Set(config.plan.accepts);
  const faults = servingFaults(config)
    .filter(({ name }) => accepted.has(name))
    .map(({ name, fault }) => `forced (${name}): ${fault}`);
  try {
    await assertNodesHold();
  } catch (error) {
    if (!(error instanceof ClusterError) || !accepted.has('nodeCpu')) throw error;
    faults.push(`forced (nodeCpu): ${error.message.replace(' Nothing was changed.', '')}`);
  }
  return faults;
}
