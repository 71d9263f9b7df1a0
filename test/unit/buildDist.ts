import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** Tests that run the compiled command share what is built here: what is in dist may be older than the sources. */
export default function buildDist(): void {
  execFileSync(process.execPath, [
    require.resolve('typescript/bin/tsc'),
    '-p',
    path.resolve(__dirname, '../../tsconfig.build.json'),
  ]);
}
