import path from 'node:path';
import { Command } from 'commander';
import { makeReport } from '../../report/makeReport';

export const reportCommand = new Command('report')
  .description(
    'Make the tables and report.html of a run again, from its records; of one that ended badly too.',
  )
  .argument('<run>', 'folder of the run, as in runs/20260105T000000Z')
  .action(async (run: string) => {
    const page = await makeReport(path.resolve(run), (note) => {
      console.error(`note: ${note}`);
    });
    console.log(path.relative(process.cwd(), page));
  });
