import {
  capacityOf,
  ceilingMillicores,
  cpuMillicoresOf,
  partsOf,
  podCeilingMillicores,
  podsOf,
  referenceCapacity,
} from '../../../stack/capacity';

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

describe('pods', () => {
  const twelve = { ...referenceCapacity, serversPerPod: 12 };

  test('100 servers, 12 a pod, are 9 pods; as many as fit into one are in one; no limit is no pod', () => {
    expect([1001, 121, 131, 1, 0].map((limit) => podsOf(limit, twelve))).toEqual([9, 1, 2, 1, 0]);
  });

  test('without serversPerPod one pod has all', () => {
    expect([1001, 1, 0].map((limit) => podsOf(limit, referenceCapacity))).toEqual([1, 1, 0]);
  });

  test('parts are whole millicores, differ by one at most and add up', () => {
    const parts = partsOf(1001, 9);
    expect(parts).toEqual([112, 112, 111, 111, 111, 111, 111, 111, 111]);
    expect(parts.reduce((sum, part) => sum + part)).toBe(1001);
    expect(partsOf(0, 0)).toEqual([]);
  });

  test('no part is above what a pod starts with', () => {
    for (let servers = 1; servers <= 100; servers++) {
      const limit = cpuMillicoresOf(servers, twelve, false);
      expect(partsOf(limit, podsOf(limit, twelve))[0]).toBeLessThanOrEqual(podCeilingMillicores(twelve));
    }
    expect(podCeilingMillicores(twelve)).toBe(121);
    expect(podCeilingMillicores(referenceCapacity)).toBe(1001);
  });
});
