import type { StudyTable } from '../../report/studyTables';
import type { Finished } from '../../study/runStudy';
import { table } from './render';

/** An experiment's table with what should be known of it. */
export function renderStudyTable({ name, about, notes, head, cells }: StudyTable): string {
  return [
    name,
    ...(about === null ? [] : [about]),
    ...notes,
    table(
      [...head],
      cells.map((row) => [...row]),
    ),
  ].join('\n');
}

const errorsOf = (percent: number): string => (percent === 0 ? '' : `, errors of ${percent} %`);

/** One line of progress. */
export function describeFinished({ done, of, experiment, cell, result, kept }: Finished): string {
  const bound = cell.boundMs === null ? 'any latency' : `${cell.boundMs} ms`;
  const what =
    cell.kind === 'trace'
      ? `${cell.servers} servers${cell.forecast === null ? '' : `, ${cell.forecast}`}${errorsOf(cell.carbonErrorPercent)}`
      : `${cell.idlePercent} % idle${errorsOf(cell.errorPercent)}`;
  const how = result.kind === 'none' ? ': no result' : kept ? ': kept' : '';
  return `[${done}/${of}] ${experiment}: ${cell.policy} within ${bound}, ${what}${how}`;
}
