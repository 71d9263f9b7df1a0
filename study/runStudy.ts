import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { CellResult } from './cellResult';
import type { KeptResults } from './keptResults';
import { cellsOf, type StudyCell } from './studyCells';
import type { Study, TraceExperiment, ZoneExperiment } from './studyFile';

/** An experiment with what its cells come to. */
export interface ExperimentResult {
  readonly experiment: TraceExperiment | ZoneExperiment;
  readonly cells: readonly { readonly cell: StudyCell; readonly result: CellResult }[];
}

/** One finished cell, for whoever shows progress. */
export interface Finished {
  readonly done: number;
  readonly of: number;
  readonly experiment: string;
  readonly cell: StudyCell;
  readonly result: CellResult;
  /** Whether it was kept from an earlier run. */
  readonly kept: boolean;
}

/**
 * Computes every cell of a study, as many at a time as there are processors, and keeps each result as it comes: a
 * study that was interrupted goes on where it was.
 * @throws what the first cell that fails throws
 */
export async function runStudy(
  study: Study,
  kept: KeptResults,
  finished: (cell: Finished) => void,
): Promise<ExperimentResult[]> {
  const { default: Tinypool } = await import('tinypool');
  const work = study.experiments.map((experiment) => ({ experiment, cells: cellsOf(experiment, study) }));
  const of = work.reduce((total, { cells }) => total + cells.length, 0);
  let done = 0;
  const pool = new Tinypool({
    filename: path.join(__dirname, 'runCell.js'),
    maxThreads: availableParallelism(),
  });
  const resultOf = async (experiment: string, cell: StudyCell): Promise<CellResult> => {
    const earlier = kept.find(cell);
    const result = earlier ?? ((await pool.run(cell)) as CellResult);
    if (!earlier) kept.keep(cell, result);
    finished({ done: ++done, of, experiment, cell, result, kept: earlier !== null });
    return result;
  };
  try {
    return await Promise.all(
      work.map(async ({ experiment, cells }) => ({
        experiment,
        cells: await Promise.all(
          cells.map(async (cell) => ({ cell, result: await resultOf(experiment.name, cell) })),
        ),
      })),
    );
  } finally {
    await pool.destroy();
  }
}
