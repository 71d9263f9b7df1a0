import { faultsOf, remedyFor, type Verified } from '../../../driver/reconcile';

const pods = (region: string, fault: string | null, leftOut = false): Verified['verification'][number] => ({
  ...{ region, plannedCpuMillicores: 11, pods: [], leftOut, ok: fault === null, fault },
});
const found = (rows: Verified['rows'], ...verification: Verified['verification'][number][]): Verified => ({
  ...{ rows, verification, silent: [], prometheusFault: null },
});
const row = (origin: string, asked: string[], lost: string[]): Verified['rows'][number] => ({
  ...{ origin, ok: true, fault: null, asked, lost },
});

test('a region that is lost is told from one that differs, and so is what to do', () => {
  const lost = found(
    [row('o', ['a', 'b'], ['a']), row('p', ['a'], ['a'])],
    pods('a', '0 ready pods'),
    pods('b', 'b differs'),
  );
  expect(faultsOf(lost)).toEqual([
    'a: lost: no proxy that asks it gets an answer (0 ready pods)',
    'b: b differs',
  ]);
  expect(remedyFor(lost)).toContain('--without a');
  const alive = found([row('o', ['a', 'b'], ['a']), row('p', ['a'], [])], pods('a', '0 ready pods'));
  expect(faultsOf(alive)).toEqual(['a: 0 ready pods']);
  expect(remedyFor(alive)).toContain('Apply again');
});

test('of a region that is left out nothing is expected', () => {
  expect(faultsOf(found([row('o', ['a'], ['a'])], pods('a', '0 ready pods', true)))).toEqual([]);
});
