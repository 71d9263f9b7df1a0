import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { studyPage } from '../../report/studyPage';
import { studyTable, type StudyTable } from '../../report/studyTables';
import { keptResults } from '../../study/keptResults';
import { runStudy } from '../../study/runStudy';
import { readStudy } from '../../study/studyFile';
import { projectDirectory } from '../project';
import { describeFinished, renderStudyTable } from '../render/study';

interface Flags {
  data?: string;
  out?: string;
  json?: true;
}

/** Compiled code that a cell's result depends on; package.json pins the solvers. */
const program = [
  ...['traces', 'stack', 'policies', 'planning', 'study'].map((folder) => path.join('dist', folder)),
  'package.json',
].map((name) => path.join(projectDirectory, name));

export const studyCommand = new Command('study')
  .description(
    'Run all that a study file declares, on all processors, and write CSV, JSON and a page. What an earlier run has finished is taken from there.',
  )
  .argument('<file>', 'the study, YAML: studies/README.md lists every key')
  .option('--data <dir>', "folder of the data (default: the study's own)")
  .option('--out <dir>', 'folder to write (default: runs/studies/<name of the file>)')
  .option('--json', 'print one JSON object')
  .action(async (file: string, { data, out, json }: Flags) => {
    const study = readStudy(file, data);
    const folder = path.resolve(out ?? path.join('runs', 'studies', path.parse(file).name));
    const kept = keptResults(path.join(folder, 'cells'), program);
    const results = await runStudy(study, kept, (finished) => {
      process.stderr.write(`${describeFinished(finished)}\n`);
    });
    const tables = results.map((result) => studyTable(result, study.seed));
    const summary = {
      title: study.title,
      experiments: tables.map(({ name, about, notes, rows, map }) => ({ name, about, notes, rows, map })),
    };
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'results.csv'), csvOf(tables));
    writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(summary)}\n`);
    writeFileSync(path.join(folder, 'page.html'), await studyPage(study, tables));
    console.log(json ? JSON.stringify(summary) : tables.map(renderStudyTable).join('\n\n'));
    process.stderr.write(`written: ${folder}/{results.csv,results.json,page.html}\n`);
  });

/** A row for each of all experiments' results; nested values get a column each, series by day none. */
function csvOf(tables: readonly StudyTable[]): string {
  const rows = tables.flatMap(({ rows }) => rows.map((row) => flat({ ...row })));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return stringify(rows, { header: true, columns, cast: { boolean: String } });
}

function flat(values: object, prefix = ''): Record<string, unknown> {
  const flattened: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values) as [string, unknown][]) {
    const name = prefix === '' ? key : `${prefix}_${key}`;
    if (Array.isArray(value)) continue;
    if (typeof value === 'object' && value !== null) Object.assign(flattened, flat(value, name));
    else flattened[name] = value;
  }
  return flattened;
}
