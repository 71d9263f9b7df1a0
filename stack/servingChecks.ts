import { capacityOf } from './capacity';
import type { AcceptedFault, StackConfig } from './schema';

/** What is wrong with a plan that can be carried out all the same, where somebody accepts it by that name. */
export interface ServingFault {
  readonly name: AcceptedFault;
  readonly fault: string;
}

/** Requests/s by which sums of shares may be above what they should be. */
const roundingError = 1e-6;

/** Why requests would fail under a plan whose every value is right: of each kind, in the order of the names. Pure. */
export function servingFaults(config: StackConfig): ServingFault[] {
  const { regions, plan, scope } = config;
  if (scope === 'platform') return [];
  const serving = regions.filter(({ name }) => (plan.regions[name]?.servers ?? 0) > 0);
  if (serving.length === 0) {
    return [
      { name: 'servesNobody', fault: 'casper:plan.regions: no region has a server, so nobody is served' },
    ];
  }
  const withoutRow = regions
    .filter(({ name }) => Object.keys(plan.weights[name] ?? {}).length === 0)
    .map(({ name }): ServingFault => ({
      name: 'originWithoutRow',
      fault: `casper:plan.weights.${name}: missing or empty, so requests that come from there fail; send them to a region that serves`,
    }));
  return [...withoutRow, ...overCapacity(config)];
}

function overCapacity(config: StackConfig): ServingFault[] {
  const { plan } = config;
  return config.regions.flatMap(({ name }): ServingFault[] => {
    const { servers = 0, cpuMillicores = 0 } = plan.regions[name] ?? {};
    const { requestsPerServer, cpuMillicoresPerServer } = capacityOf(config, name);
    const faults: string[] = [];
    const leastCpu = servers * cpuMillicoresPerServer;
    // Of what is left out the plan before stands here, and nothing is sent there.
    if (cpuMillicores < leastCpu && !plan.without?.includes(name)) {
      faults.push(
        `casper:plan.regions.${name}.cpuMillicores: ${cpuMillicores}, expected at least ${leastCpu} for ${servers} servers; raise it, or lower servers`,
      );
    }
    const received = receivedBy(name, plan);
    const carried = servers * requestsPerServer;
    if (received > carried + roundingError) {
      faults.push(
        `casper:plan.regions.${name}.servers: ${servers} carry ${carried} requests/s, the rows send ${Math.ceil(received)} there; give it ${Math.ceil(received / requestsPerServer)}, or correct weights or requestsPerSecond`,
      );
    }
    return faults.map((fault) => ({ name: 'overCapacity', fault }));
  });
}

/** Requests/s that the rows send to a region, as far as the plan says how many come. */
function receivedBy(destination: string, { weights, requestsPerSecond = {} }: StackConfig['plan']): number {
  return Object.entries(requestsPerSecond).reduce((sum, [origin, rate]) => {
    const row = weights[origin] ?? {};
    const all = Object.values(row).reduce((total, weight) => total + weight, 0);
    return all === 0 ? sum : sum + (rate * (row[destination] ?? 0)) / all;
  }, 0);
}

/** The same without what the plan says is accepted, as lines that say how to accept the rest. */
export function faultsOfServing(config: StackConfig): string[] {
  const accepted = new Set(config.plan.accepts);
  return servingFaults(config)
    .filter(({ name }) => !accepted.has(name))
    .map(({ name, fault }) => `${fault} (or accept it: casper apply --force ${name})`);
}
