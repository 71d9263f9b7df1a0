import type { CarbonAnswer } from './carbonReplay';

export const scenarios = ['follow', 'treble', 'faults', 'all'] as const;
export type Scenario = (typeof scenarios)[number];

/** What a live interval is for. */
export type Phase =
  /** Follows the trace, and counts. */
  | { readonly kind: 'follow' }
  /** In the first of them one origin's requests are trebled. */
  | { readonly kind: 'treble' }
  /** The source is answered for by a fault; `value` once it is well again. */
  | { readonly kind: 'faults'; readonly answer: CarbonAnswer };

/** One kind of answer an interval; the last is the source's return. */
const answers: readonly CarbonAnswer[] = ['null', 'zero', 'rateLimited', 'nothing', 'nothing', 'value'];

/**
 * The intervals of a run, in order.
 * @param intervals that follow the trace in a scenario with `follow`; the others begin with one, for a steady state
 * @param trebleIntervals as many as the trebled requests are watched for
 */
export function phasesOf(scenario: Scenario, intervals: number, trebleIntervals: number): Phase[] {
  const has = (part: Scenario): boolean => scenario === part || scenario === 'all';
  const repeat = (count: number, phase: Phase): Phase[] => Array.from({ length: count }, () => phase);
  return [
    ...repeat(has('follow') ? intervals : 1, { kind: 'follow' }),
    ...(has('treble') ? repeat(trebleIntervals, { kind: 'treble' }) : []),
    ...(has('faults') ? answers.map((answer): Phase => ({ kind: 'faults', answer })) : []),
  ];
}
