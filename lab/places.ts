import { homedir } from 'node:os';
import path from 'node:path';

/** Everything that the lab puts on the machine while it is up: sockets, state, logs, keys. `down` removes it. */
export const stateDirectory = '/var/lib/casper-lab';

/** The checkout; this file runs as dist/lab/places.js. */
export const checkout = path.resolve(__dirname, '..', '..');

/** What is worth keeping between labs and between checkouts: built tools and images, by version. */
export const cacheDirectory =
  process.env['CASPER_CACHE'] ??
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'casper');

/** kubeconfig of the lab's administrator. */
export const adminKubeconfig = path.join(stateDirectory, 'kubeconfig');
