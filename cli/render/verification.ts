import type { RowVerification } from '../../driver/verify/servedWeights';
import type { RegionVerification } from '../../driver/verify/podCpu';
import { table } from './render';

/** Planned against enforced CPU, region by region. */
export function renderVerification(verification: readonly RegionVerification[]): string {
  return table(
    ['region', 'planned', 'cgroup quota', 'pod', ''],
    verification.map(({ region, plannedCpuMillicores, pods, fault }) => [
      region,
      `${plannedCpuMillicores}m`,
      pods
        .map(({ quotaMicros, periodMicros }) => `${quotaMicros ?? 'no limit'}/${periodMicros} us`)
        .join(', ') || '-',
      pods.map(({ name }) => name).join(', ') || 'none',
      fault ?? 'ok',
    ]),
  );
}

/** Lines on which Traefiks serve their row of weights; none for a stack without any. */
export function renderRows(rows: readonly RowVerification[]): string[] {
  const faults = rows.flatMap(({ origin, fault }) =>
    fault === null ? [] : [`  Traefik of ${origin}: ${fault}`],
  );
  return rows.length > 0 && faults.length === 0
    ? [`  ${rows.length} Traefiks serve the plan's weights`]
    : faults;
}
