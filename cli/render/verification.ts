import type { Verified } from '../../driver/reconcile';
import type { RowVerification } from '../../driver/verify/servedWeights';
import type { PodVerification, RegionVerification } from '../../driver/verify/podCpu';
import { isUnknown } from '../../observe/unknown';
import { table } from './render';

/** Planned CPU against what the kubelet and the pod's cgroup say, region by region. */
function renderVerification(verification: readonly RegionVerification[]): string {
  const unread = verification.flatMap(({ pods }) => pods).find(({ quota }) => isUnknown(quota))?.quota;
  return [
    table(
      ['region', 'planned', 'kubelet', 'cgroup quota', 'pod', ''],
      verification.map(({ region, plannedCpuMillicores, pods, leftOut, fault }) => [
        region,
        `${plannedCpuMillicores}m`,
        joined(pods, ({ limitMillicores }) =>
          limitMillicores === null ? 'no limit' : `${limitMillicores}m`,
        ),
        joined(pods, ({ quota }) =>
          isUnknown(quota) ? 'not read' : `${quota.quotaMicros ?? 'no limit'}/${quota.periodMicros} us`,
        ),
        pods.map(({ name }) => name).join(', ') || 'none',
        leftOut ? 'left out, because lost' : (fault ?? 'ok'),
      ]),
    ),
    ...(isUnknown(unread)
      ? [`  the cgroups' quotas are not all read, which is no fault: ${unread.unknown}`]
      : []),
  ].join('\n');
}

function joined(pods: readonly PodVerification[], text: (pod: PodVerification) => string): string {
  return pods.map(text).join(', ') || '-';
}

/** What runs beside the plan: CPU by region, then the request path. */
export function renderVerified({ verification, rows, silent, prometheusFault }: Verified): string {
  return [
    renderVerification(verification),
    ...renderRows(rows),
    ...silent.map(({ regions, reason }) => `  left as they are: ${regions.join(', ')}. ${reason}`),
    ...(prometheusFault === null ? [] : [`  Prometheus: ${prometheusFault}`]),
  ].join('\n');
}

/** Lines on which Traefiks serve their row of weights; none for a stack without any. */
function renderRows(rows: readonly RowVerification[]): string[] {
  const faults = rows.flatMap(({ origin, fault }) =>
    fault === null ? [] : [`  Traefik of ${origin}: ${fault}`],
  );
  return rows.length > 0 && faults.length === 0
    ? [`  ${rows.length} Traefiks serve the plan's weights`]
    : faults;
}
