import { capacityOf, ceilingMillicores, cpuMillicoresOf, referenceCapacity } from '../../../stack/capacity';

const config = {
  capacity: { ...referenceCapacity, maxServers: 50 },
  regions: [{ name: 'plain' }, { name: 'own', capacity: { requestsPerServer: 3, maxServers: 7 } }],
};

test('a region’s own capacity stands over that of all regions, key by key', () => {
  expect(capacityOf(config, 'plain')).toEqual({ ...referenceCapacity, maxServers: 50 });
  expect(capacityOf(config, 'own')).toEqual({ ...referenceCapacity, requestsPerServer: 3, maxServers: 7 });
});

test('the CPU of servers, of none, of none that are kept warm, and of all', () => {
  expect(cpuMillicoresOf(28, referenceCapacity, false)).toBe(281);
  expect(cpuMillicoresOf(0, referenceCapacity, false)).toBe(0);
  expect(cpuMillicoresOf(0, referenceCapacity, true)).toBe(1);
  expect(ceilingMillicores(referenceCapacity)).toBe(1001);
});
