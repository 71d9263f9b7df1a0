import { allowedDestinations, regionCapacity } from '../../../planning/regionCapacity';

const regions = ['north', 'south'];
const capacityOf = () => ({ requestsPerServer: 10, minServers: 0, maxServers: 100 });

test('what a row says of a region, and the reference’s constants where it says nothing', () => {
  const said = {
    ...{ maxServers: 12, idleWatts: 80, dynamicWatts: 120, pue: 1.15 },
    ...{ embodiedGramsPerServerHour: 20.5, pricePerServerHour: 0.05 },
  };
  expect(regionCapacity(regions, capacityOf, new Map([['north', said]]))).toEqual([
    { ...said, minServers: 0, requestsPerServer: 10 },
    {
      ...{ minServers: 0, maxServers: 100, requestsPerServer: 10 },
      ...{ idleWatts: 0, dynamicWatts: 10, pue: 1, embodiedGramsPerServerHour: 0, pricePerServerHour: 0 },
    },
  ]);
});

test('fewest servers above what all regions may have is refused', () => {
  const capacity = () => ({ ...capacityOf(), maxServers: 20 });
  expect(() => regionCapacity(['north'], capacity, new Map([['north', { minServers: 30 }]]))).toThrow(
    /north must have at least 30 servers and may have at most 20/,
  );
});

test('an origin may be served where its row says, and not in a region that is lost', () => {
  const rows = new Map([['south', { destinations: ['south'] }]]);
  expect(allowedDestinations(regions, rows)).toEqual([
    [true, true],
    [false, true],
  ]);
  expect(allowedDestinations(regions, rows, ['south'])).toEqual([
    [true, false],
    [false, false],
  ]);
  expect(allowedDestinations(regions, new Map())).toBeUndefined();
});
