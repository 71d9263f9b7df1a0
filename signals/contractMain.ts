import { tmpdir } from 'node:os';
import { checkContracts, contractKinds, exitCodeOf, renderContracts } from './contract';
import { realSurroundings } from './surroundings';

/** `npm run test:contract [-- SOURCE...]`: the real services, asked with the accounts in the environment. */
async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((kind) => !contractKinds.includes(kind));
  if (unknown.length > 0) {
    throw new Error(`no source ${unknown.join(', ')}; expected some of ${contractKinds.join(', ')}`);
  }
  const kinds = asked.length > 0 ? asked : contractKinds;
  // Nothing is kept: the services are asked anew each time.
  const results = await checkContracts(kinds, realSurroundings(tmpdir()));
  process.stdout.write(`${renderContracts(results)}\n`);
  process.exitCode = exitCodeOf(results);
  if (results.every(({ outcome }) => outcome === 'not run')) process.stderr.write('nothing was run\n');
}

void main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
