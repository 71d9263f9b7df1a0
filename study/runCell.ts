import type { CellResult } from './cellResult';
import { runTraceCell } from './runTraceCell';
import { runZoneCell } from './runZoneCell';
import type { StudyCell } from './studyCells';

/**
 * Computes one cell of a study, from its data alone. What runs in a study's worker threads, too.
 * @throws TraceError
 */
export default function runCell(cell: StudyCell): Promise<CellResult> {
  return cell.kind === 'trace' ? runTraceCell(cell) : runZoneCell(cell);
}
