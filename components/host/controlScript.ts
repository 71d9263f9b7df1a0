import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const parts = ['hostControl.sh', 'supervisor.sh', 'machineStart.sh'];

/** The script that a host looks after a process with. All of it comes before the call, so that a piece of it does nothing. */
export function controlScript(): string {
  // Read where it is used: the script is the same for every host.
  return [...parts.map((part) => readFileSync(join(__dirname, part), 'utf8')), 'main "$@"\n'].join('\n');
}
