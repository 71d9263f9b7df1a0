// Fails where a library that casper is used with has a licence that nobody has looked at. Of tools that only build and
// test it nothing is asked: they are not passed on.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Of which one may pass on a program with all that it uses, if their notices stay. */
const known = new Set([
  ...[
    'MIT',
    'ISC',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'BlueOak-1.0.0',
    'Unlicense',
    'Zlib',
  ],
  ...['Python-2.0', 'PSF-2.0', 'CC0-1.0', 'CC-BY-3.0'],
]);

/** Looked at, one by one. */
const exceptions = {
  'glpk.js': [
    'GPL-3.0',
    'optional: --solver highs plans without it, and casper works where it is not installed',
  ],
};

const root = path.resolve(import.meta.dirname, '..');
const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));

function licenceOf(folder, { license }) {
  if (license !== undefined && !license.startsWith('SEE ')) return license;
  // Older packages say it in a list that the lock file does not have; others in a file.
  const manifest = path.join(root, folder, 'package.json');
  if (!existsSync(manifest)) return license ?? 'none, and not installed here';
  const { licenses } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (Array.isArray(licenses)) return licenses.map(({ type }) => type).join(' OR ');
  const file = path.join(root, folder, 'LICENSE');
  if (existsSync(file) && /^\s*(The )?MIT License/i.test(readFileSync(file, 'utf8'))) return 'MIT';
  return license ?? 'none';
}

const parts = (licence) => licence.replaceAll(/[()]/g, '').split(/ AND | OR /);
const faults = [];
let looked = 0;
for (const [folder, entry] of Object.entries(packages)) {
  if (folder === '' || entry.dev) continue;
  looked += 1;
  const name = folder.split('node_modules/').at(-1);
  const licence = licenceOf(folder, entry);
  if (exceptions[name]?.[0] === licence || parts(licence).every((part) => known.has(part))) continue;
  faults.push(`  ${name} ${entry.version}: ${licence}`);
}
if (faults.length > 0) {
  console.error(
    `Licences that nobody has looked at:\n${faults.join('\n')}\nTake another library, or name the licence or the exception in .ci/licences.mjs.`,
  );
  process.exitCode = 1;
} else console.log(`licences of ${looked} libraries: known`);
