import { isClean, summaryOf, tableOf, type Outcome } from '../../../../bench/faults/outcome';

const outcome = (differing: Partial<Outcome> = {}): Outcome => ({
  ...{ kind: 'Traefik killed', requests: 100, failedRequests: 0, failedBeyondDetection: 0 },
  ...{ healthySeconds: 1.25, reached: true, equal: true, resumed: false },
  ...{ lost: [], secrets: [], problems: [] },
  ...differing,
});

test('figures of all faults; resumes are those after which something had been ended', () => {
  const summary = summaryOf([
    outcome({ failedRequests: 3, failedBeyondDetection: 1 }),
    outcome({ kind: 'Pulumi killed', resumed: true }),
    outcome({
      kind: 'Pulumi killed',
      resumed: true,
      equal: false,
      lost: ['an edit'],
      secrets: ['a key in x'],
    }),
    outcome({ reached: false, equal: false, problems: ['a', 'b'] }),
  ]);
  expect(summary).toEqual({
    ...{ faults: 4, kinds: 2, requests: 400, failedRequests: 3, failedBeyondDetection: 1 },
    ...{ plansLost: 2, dataLost: 1, secretsFound: 1, resumes: 2, resumesEqual: 1, problems: 2 },
  });
});

test.each<[string, Partial<Outcome>, boolean]>([
  ['nothing found', {}, true],
  ['requests that may fail', { failedRequests: 5 }, true],
  ['requests beyond detection', { failedBeyondDetection: 1 }, false],
  ['a plan that was not reached', { reached: false }, false],
  ['something else that runs', { equal: false }, false],
  ['a record that is gone', { lost: ['a record'] }, false],
  ['a secret', { secrets: ['a key'] }, false],
  ['a problem', { problems: ['no message'] }, false],
])('clean or not: %s', (_, differing, expected) => {
  expect(isClean(summaryOf([outcome(), outcome(differing)]))).toBe(expected);
});

test('a row a kind, with its worst', () => {
  const table = tableOf([
    outcome({ healthySeconds: 2 }),
    outcome({ failedRequests: 2, healthySeconds: 3.46 }),
    outcome({ kind: 'etcd killed', healthySeconds: null, equal: false }),
  ]);
  expect(table.split('\n').slice(2, -1)).toEqual([
    '| Traefik killed | 2 | 200 | 2 | 0 | 3.5 | as wanted |',
    '| etcd killed | 1 | 100 | 0 | 0 | not within its bound (1 of 1) | as wanted in 0 of 1 |',
  ]);
});
