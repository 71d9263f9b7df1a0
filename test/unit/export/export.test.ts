import path from 'node:path';
import { discoveryLines } from '../../../export/goBetween';
import { httpRoutes } from '../../../export/httpRoutes';
import { destinationRule } from '../../../export/istio';
import { changeBatch } from '../../../export/route53';
import { traefikServices } from '../../../export/traefikServices';
import { sharesOf, weightsUpTo } from '../../../export/wholeShares';
import { readStackFile } from '../../../stack/stackFile';
import type { StackConfig } from '../../../stack/stackConfig';
import fc from 'fast-check';

const baseline = readStackFile(path.join(__dirname, '../../../Pulumi.dev.yaml'));
const addressed: StackConfig = {
  ...baseline,
  regions: baseline.regions.map((region, index) => ({
    ...region,
    loadBalancer: { address: `192.0.2.${index + 1}`, port: 8081 },
  })),
  plan: {
    ...baseline.plan,
    weights: { ...baseline.plan.weights, 'eu-central-1': { 'us-east-1': 1, 'eu-west-3': 2 } },
  },
};
const all = { 'ap-southeast-2': 1, 'us-west-1': 1 };

test('Gateway API: a route for each origin, with the row’s own weights', () => {
  const { documents, notes } = httpRoutes(addressed, 'web');
  expect([documents.length, notes]).toEqual([6, []]);
  expect(documents[1]).toEqual({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'casper-eu-central-1', namespace: 'casper' },
    spec: {
      parentRefs: [{ name: 'web', sectionName: 'eu-central-1' }],
      rules: [
        {
          backendRefs: [
            { group: '', kind: 'Service', name: 'kiwix-eu-west-3', port: 8080, weight: 2 },
            { group: '', kind: 'Service', name: 'kiwix-us-east-1', port: 8080, weight: 1 },
          ],
        },
      ],
    },
  });
});

test('Gateway API: a destination in another cluster is an import', () => {
  const apart: StackConfig = {
    ...addressed,
    clusters: [
      { name: 'eu', context: 'e' },
      { name: 'us', context: 'u' },
    ],
    regions: addressed.regions.map((region) => ({
      ...region,
      cluster: region.name.startsWith('eu-') ? 'eu' : 'us',
    })),
  };
  expect(JSON.stringify(httpRoutes(apart, 'web').documents[1])).toMatch(
    /"kind":"Service","name":"kiwix-eu-west-3".*"group":"multicluster.x-k8s.io","kind":"ServiceImport","name":"kiwix-us-east-1"/,
  );
});

test('Traefik: a weighted service for each origin', () => {
  expect(traefikServices(addressed).documents[1]).toMatchObject({
    kind: 'TraefikService',
    spec: {
      weighted: {
        services: [
          { name: 'kiwix-eu-west-3', port: 8080, weight: 2 },
          { name: 'kiwix-us-east-1', port: 8080, weight: 1 },
        ],
      },
    },
  });
});

test('Istio: whole percents that add up, by locality; the rounding is said', () => {
  const { documents, notes } = destinationRule(addressed, 'web.mesh');
  expect(documents[0]).toMatchObject({
    spec: {
      host: 'web.mesh',
      trafficPolicy: {
        loadBalancer: {
          localityLbSetting: {
            distribute: expect.arrayContaining([
              { from: 'eu-central-1/*', to: { 'eu-west-3/*': 67, 'us-east-1/*': 33 } },
              { from: 'us-west-1/*', to: { 'us-west-1/*': 100 } },
            ]) as unknown,
          },
        },
      },
    },
  });
  expect(notes).toEqual(['eu-central-1: shares are rounded, by up to 0.33 % of its requests']);
});

test('Route 53: a record for every region, so that one that has lost its weight has 0', () => {
  const { documents, notes } = changeBatch(addressed, 'example.org');
  const [batch] = documents as { Changes: { ResourceRecordSet: object }[] }[];
  expect([batch?.Changes.length, notes]).toEqual([36, []]);
  expect(batch?.Changes[8]).toEqual({
    Action: 'UPSERT',
    ResourceRecordSet: {
      ...{ Name: 'eu-central-1.example.org', Type: 'A', SetIdentifier: 'eu-west-3', Weight: 2, TTL: 60 },
      ResourceRecords: [{ Value: '192.0.2.3' }],
    },
  });
  expect(() => changeBatch(baseline, 'example.org')).toThrow(/has no loadBalancer.*give it one/);
});

test('GoBetween: the lines of one origin', () => {
  expect(discoveryLines(addressed, 'eu-central-1').documents).toBe(
    '192.0.2.3:8081 weight=2\n192.0.2.4:8081 weight=1\n',
  );
  expect(() => discoveryLines(addressed, 'atlantis')).toThrow(/no row of atlantis; it has: ap-southeast-2/);
});

test('shares by largest remainder: they add up, each at most one part off, ties by name', () => {
  expect(sharesOf({ b: 1, a: 1, c: 1 }, 100).parts).toEqual({ a: 34, b: 33, c: 33 });
  expect(sharesOf(all, 100)).toEqual({ parts: { 'ap-southeast-2': 50, 'us-west-1': 50 }, worstPercent: 0 });
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.integer({ min: 1, max: 1_000_000 }), { minKeys: 1 }), (row) => {
      const { parts } = sharesOf(row, 100);
      const sum = Object.values(row).reduce((total, weight) => total + weight, 0);
      expect(Object.values(parts).reduce((total, part) => total + part, 0)).toBe(100);
      for (const [name, weight] of Object.entries(row)) {
        expect(Math.abs((parts[name] ?? 0) - (100 * weight) / sum)).toBeLessThan(1);
      }
    }),
  );
});

test('weights up to a largest one: exact where they fit, none to 0 where they are scaled', () => {
  expect(weightsUpTo({ a: 255, b: 3 }, 255)).toEqual({ parts: { a: 255, b: 3 }, worstPercent: 0 });
  const { parts, worstPercent } = weightsUpTo({ a: 1_000_000, b: 1 }, 255);
  expect(parts).toEqual({ a: 255, b: 1 });
  expect(worstPercent).toBeCloseTo(0.39, 2);
});
