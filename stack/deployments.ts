import { containerName, objectNameOf } from './naming';
import type { RegionConfig, ServiceConfig } from './schema';

/** What a stack file says of Deployments. */
export interface Deployments {
  readonly service: Pick<ServiceConfig, 'namespace' | 'deployment'>;
  readonly regions: readonly Pick<RegionConfig, 'name' | 'deployment'>[];
}

/** Whether the Deployments are somebody else's, and only patched. */
export function patchesDeployments({ service }: Pick<Deployments, 'service'>): boolean {
  return service.deployment === 'existing';
}

/** The container whose CPU is a region's. */
export function containerOf(config: Pick<Deployments, 'regions'>, region: string): string {
  return deploymentOf(config, region)?.container ?? containerName;
}

/** Name of the Service that a region answers on inside its cluster. */
export function serviceNameOf(config: Pick<Deployments, 'regions'>, region: string): string {
  return deploymentOf(config, region)?.service ?? objectNameOf(region);
}

function deploymentOf(
  { regions }: Pick<Deployments, 'regions'>,
  region: string,
): RegionConfig['deployment'] | undefined {
  return regions.find(({ name }) => name === region)?.deployment;
}

/** What the managers of fields of all stacks begin with: like all of Pulumi's with `pulumi`. */
export const fieldManagerPrefix = 'pulumi-casper-';

/**
 * The manager of what a stack sets of others' Deployments.
 * @param stack its name, with or without organization and project
 */
export function fieldManagerOf(stack: string): string {
  return `${fieldManagerPrefix}${stack.split('/').at(-1) ?? stack}`;
}
