/** What became of one fault. */
export interface Outcome {
  readonly kind: string;
  readonly failedRequests: number;
  /** Of those, due when none may fail any more. */
  readonly failedBeyondDetection: number;
  readonly requests: number;
  /** From the fault's end until all answers again; null where it did not within its bound. */
  readonly healthySeconds: number | null;
  /** Whether the next apply, or run, reached its plan. */
  readonly reached: boolean;
  /** Whether what runs then is what an undisturbed change leaves; false where it was not reached. */
  readonly equal: boolean;
  /** Whether casper or Pulumi was ended, so that the next one had to go on from there. */
  readonly resumed: boolean;
  /** Edits and records that are gone. */
  readonly lost: readonly string[];
  /** Names of secrets that were found in clear, and where. */
  readonly secrets: readonly string[];
  /** All else that was not as it should be. */
  readonly problems: readonly string[];
}

/** The suite's last line. */
export interface Summary {
  readonly faults: number;
  readonly kinds: number;
  readonly requests: number;
  readonly failedRequests: number;
  readonly failedBeyondDetection: number;
  readonly plansLost: number;
  readonly dataLost: number;
  readonly secretsFound: number;
  readonly resumes: number;
  readonly resumesEqual: number;
  /** What else was not as it should be; each is printed as it is found. */
  readonly problems: number;
}

export function summaryOf(outcomes: readonly Outcome[]): Summary {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const resumed = outcomes.filter((outcome) => outcome.resumed);
  return {
    faults: outcomes.length,
    kinds: new Set(outcomes.map(({ kind }) => kind)).size,
    requests: sum(({ requests }) => requests),
    failedRequests: sum(({ failedRequests }) => failedRequests),
    failedBeyondDetection: sum(({ failedBeyondDetection }) => failedBeyondDetection),
    plansLost: sum(({ reached, equal }) => Number(!reached || !equal)),
    dataLost: sum(({ lost }) => lost.length),
    secretsFound: sum(({ secrets }) => secrets.length),
    resumes: resumed.length,
    resumesEqual: resumed.filter(({ equal }) => equal).length,
    problems: sum(({ problems }) => problems.length),
  };
}

/** Whether the suite has found nothing. */
export function isClean(summary: Summary): boolean {
  const { failedBeyondDetection, plansLost, dataLost, secretsFound, problems } = summary;
  return failedBeyondDetection + plansLost + dataLost + secretsFound + problems === 0;
}

/** A Markdown table with a row for each kind, by name. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const kinds = [...new Set(outcomes.map(({ kind }) => kind))].sort();
  const rows = kinds.map((kind) => {
    const own = outcomes.filter((outcome) => outcome.kind === kind);
    const total = summaryOf(own);
    return [
      kind,
      String(total.faults),
      String(total.requests),
      String(total.failedRequests),
      String(total.failedBeyondDetection),
      healthyOf(own),
      planOf(own),
    ];
  });
  return [columns, columns.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}

const columns = [
  'fault',
  'runs',
  'requests',
  'failed',
  'failed beyond detection',
  'seconds to healthy',
  'plan afterwards',
];

/** The longest time of a kind. */
function healthyOf(outcomes: readonly Outcome[]): string {
  const seconds = outcomes.map(({ healthySeconds }) => healthySeconds);
  const missing = seconds.filter((one) => one === null).length;
  const longest = Math.max(...seconds.map((one) => one ?? 0)).toFixed(1);
  return missing > 0 ? `not within its bound (${missing} of ${seconds.length})` : longest;
}

function planOf(outcomes: readonly Outcome[]): string {
  const as = outcomes.filter(({ equal }) => equal).length;
  return as === outcomes.length ? 'as wanted' : `as wanted in ${as} of ${outcomes.length}`;
}
