import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** Tests that run the compiled command share what is built here: what is in dist may be older than the sources. */
export default function buildDist(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: path.resolve(__dirname, '../..') });
}
