import { sum } from '../policies/model/matrix';
import type { MovesTo } from '../study/countedOtherwise';
import { describeMethod, type OtherIntensity } from '../study/studyFile';
import { studyBaselines } from '../study/studyPolicies';
import type { TraceRow } from '../study/studySummary';
import { percent } from './percent';

/** In which hours and regions the verdict turns when carbon is counted by other intensities; why it is not counted. */
export function otherwiseNotes(rows: readonly TraceRow[], alsoBy: OtherIntensity): string[] {
  const method = `${describeMethod(alsoBy)} (${alsoBy.table ?? 'a value for each region'})`;
  const all = rows.flatMap(({ measured }) => (measured?.otherwise ? [measured.otherwise] : []));
  const [first] = all;
  if (!first) return [];
  const why = all.find((one) => one.kind === 'notCounted')?.why;
  if (why !== undefined) return [`PARTIAL: not counted by ${method}: ${why}`];
  const missing = first.kind === 'counted' ? first.missingHours : 0;
  return [
    `the same decisions are counted by ${method} as well${missing > 0 ? `; PARTIAL: without ${missing} hours that it has no value of` : ''}`,
    ...rows.flatMap(turning),
  ];
}

function turning({ policy, forecast, servers, boundMs, savedByBoth, measured }: TraceRow): string[] {
  const isBaseline = (studyBaselines as readonly string[]).includes(policy);
  const turns = studyBaselines.flatMap((baseline) => {
    const saving = savedByBoth[baseline];
    return saving ? [`against ${baseline} in ${saving.turnedHours} of ${saving.hours} hours`] : [];
  });
  if (isBaseline || turns.length === 0 || measured?.otherwise?.kind !== 'counted') return [];
  const { moves } = measured.otherwise;
  const who = [policy, forecast, `${servers} servers`, `${boundMs ?? 'any'} ms`].filter(Boolean).join(', ');
  const moved = sum(moves.map(({ requests }) => requests));
  const turned = sum(moves.map((move) => move.turned));
  const regions = moves.filter((move) => move.turned > 0).map(describeMoves);
  return [
    `${who}: the verdict turns ${turns.join(', ')}; ` +
      (turned === 0
        ? 'no request is moved to where it emits less by the one and more by the other'
        : `${percent(turned / moved, 1)} of all requests moved emit less where they go by the one and more by the other (${regions.join(', ')})`),
  ];
}

const describeMoves = ({ region, requests, turned }: MovesTo): string =>
  `${percent(turned / requests, 1)} of those to ${region}`;
