import path from 'node:path';

export { cacheDirectory } from '../start/cacheDirectory';

/** Everything that the lab puts on the machine while it is up: sockets, state, logs, keys. `down` removes it. */
export const stateDirectory = '/var/lib/casper-lab';

/** The checkout; this file runs as dist/lab/places.js. */
export const checkout = path.resolve(__dirname, '..', '..');

/** kubeconfig of the lab's administrator. */
export const adminKubeconfig = path.join(stateDirectory, 'kubeconfig');
