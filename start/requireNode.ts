import { nodeRefusal } from './nodeVersion';

// The first import of every program. This file and what it imports must be parsed by an old Node, from 12 on.
const refusal = nodeRefusal(process.version, process.execPath);
if (refusal !== undefined) {
  process.stderr.write(`${refusal}\n`);
  process.exit(1);
}
