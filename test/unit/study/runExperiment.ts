import runCell from '../../../study/runCell';
import { cellsOf } from '../../../study/studyCells';
import type { ExperimentResult } from '../../../study/runStudy';
import { parseStudy } from '../../../study/studyFile';

/** The results of one experiment, computed in this thread. */
export async function runExperiment(folder: string, experiment: object): Promise<ExperimentResult> {
  const study = parseStudy(
    { title: 'test', data: folder, experiments: [{ name: 'only', folder, ...experiment }] },
    'study.yaml',
  );
  const [only] = study.experiments;
  if (!only) throw new Error('no experiment');
  const cells = [];
  for (const cell of cellsOf(only, study)) cells.push({ cell, result: await runCell(cell) });
  return { experiment: only, cells };
}
