import { puesOf } from '../../../signals/regionPue';
import { zoneTable } from '../../../signals/zoneTable';

const aws = (region: string) => ({ provider: 'aws' as const, region });

test('by cloud, and by hand before that', () => {
  const { byRegion, notCounted } = puesOf([
    { name: 'virginia', cloud: aws('us-east-1') },
    { name: 'stockholm', cloud: aws('eu-north-1'), pue: 1.5 },
    { name: 'cellar', pue: 2 },
  ]);
  expect([...byRegion]).toEqual([
    ['virginia', 1.15],
    ['stockholm', 1.5],
    ['cellar', 2],
  ]);
  expect(notCounted).toBeNull();
});

test('one that is not known by cloud: it is counted of none, which is said', () => {
  const { byRegion, notCounted } = puesOf([
    { name: 'virginia', cloud: aws('us-east-1') },
    { name: 'paris', cloud: aws('eu-west-3') },
    { name: 'cellar' },
  ]);
  expect(byRegion.size).toBe(0);
  expect(notCounted).toBe(
    'PUE is counted of no region, as it is not known of paris, cellar; set pue of these in casper:regions',
  );
});

test('given by hand of some and not known of others is refused, naming both', () => {
  expect(() => puesOf([{ name: 'virginia', pue: 1.1 }, { name: 'cellar' }])).toThrow(
    'casper:regions has the pue of virginia, and of cellar none is known; give each of these one too, or none to any',
  );
});

test('nothing known is nothing said', () => {
  expect(puesOf([{ name: 'a' }, { name: 'b' }])).toEqual({ byRegion: new Map(), notCounted: null });
});

test('the table has plausible values only', () => {
  const values = Object.values(zoneTable).flatMap((ofCloud) =>
    Object.values(ofCloud).flatMap(([, , pue]) => pue ?? []),
  );
  expect(values.length).toBe(59);
  for (const pue of values) expect(pue).toBeGreaterThan(1);
  for (const pue of values) expect(pue).toBeLessThan(1.6);
});
