import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboard } from './dashboard';

// `npm run generate:dashboard`; a test fails where the file is another than this writes.
const file = path.join(__dirname, '../../deploy/grafana/casper.json');
writeFileSync(file, `${JSON.stringify(dashboard(), null, 2)}\n`);
