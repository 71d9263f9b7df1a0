import type { Fault } from './fault';
import { clusterFaults } from './kinds/cluster';
import { driverFaults } from './kinds/driver';
import { fileFaults } from './kinds/files';
import { networkFaults } from './kinds/network';
import { requestPathFaults } from './kinds/requestPath';

/** Every kind of fault. */
export const allFaults: readonly Fault[] = [
  ...driverFaults,
  ...clusterFaults,
  ...requestPathFaults,
  ...networkFaults,
  ...fileFaults,
];
