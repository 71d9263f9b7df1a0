/** Oldest Node that runs casper; `engines` of package.json says the same. */
const oldest = { major: 22, minor: 13 };

/**
 * Why a Node cannot run casper, and what to do about it; undefined for one that can.
 * @param version as `process.version` has it: v20.20.2
 * @param program path of that Node
 */
export function nodeRefusal(version: string, program: string): string | undefined {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return [
    `casper: Node ${oldest.major}.${oldest.minor} or later is needed; ${program} is Node ${version.slice(1)}.`,
    'In a checkout, `make` and `npx casper` take the Node that is pinned there; for plain `node` and `pulumi`, put',
    'it first: export PATH="$PWD/node_modules/.bin:$PATH". Elsewhere install a newer Node (https://nodejs.org).',
  ].join('\n');
}
