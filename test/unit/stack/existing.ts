import { parseStackConfig, type StackConfig } from '../../../stack/stackConfig';

/** A stack of two regions whose Deployments are somebody else's, in the form of its file. */
export function existingStack(change: (values: ExistingValues) => void = () => undefined): ExistingValues {
  const values: ExistingValues = {
    cluster: { context: 'lab' },
    service: { deployment: 'existing', namespace: 'shops' },
    capacity: { serversPerPod: 10 },
    regions: [
      { name: 'paris', deployment: { name: 'shop-paris', container: 'web' } },
      { name: 'berlin', deployment: { name: 'shop-berlin', container: 'web' } },
    ],
    plan: {
      interval: '2022-08-13T00:00:00Z',
      policy: 'carbon',
      regions: {
        paris: { servers: 20, cpuMillicores: 201 },
        berlin: { servers: 0, cpuMillicores: 0 },
      },
      weights: { paris: { paris: 1 }, berlin: { paris: 1 } },
    },
  };
  change(values);
  return values;
}

export interface ExistingValues {
  [key: string]: unknown;
  service: Record<string, unknown>;
  capacity: Record<string, unknown>;
  regions: {
    name: string;
    deployment?: { name: string; container?: string; service?: string };
    nodeSelector?: object;
    loadBalancer?: object;
  }[];
}

export function existingConfig(change?: (values: ExistingValues) => void): StackConfig {
  return parseStackConfig(existingStack(change), 'dev');
}
