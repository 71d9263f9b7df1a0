import path from 'node:path';
import fc from 'fast-check';
import { ExportError } from '../../../export/exported';
import { discoveryLines } from '../../../export/goBetween';
import { httpRoutes } from '../../../export/httpRoutes';
import { destinationRule } from '../../../export/istio';
import { changeBatch } from '../../../export/route53';
import { traefikServices } from '../../../export/traefikServices';
import { readStackFile } from '../../../stack/stackFile';
import type { RegionConfig, StackConfig } from '../../../stack/stackConfig';
import { byResource, byShape, type Faults } from './publishedSchemas';

const baseline = readStackFile(path.join(__dirname, '../../../Pulumi.dev.yaml'));

/** A stack of regions with these names, in one cluster or one each, and what its origins send where. */
function stackOf(
  names: readonly string[],
  weights: Record<string, Record<string, number>>,
  apart = false,
): StackConfig {
  const regions = names.map((name, index): RegionConfig => ({
    name,
    loadBalancer: { address: `192.0.2.${index + 1}`, port: 8081 },
    ...(apart && { cluster: name }),
  }));
  const clusters = names.map((name) => ({ name, context: name }));
  return { ...baseline, regions, ...(apart && { clusters }), plan: { ...baseline.plan, weights } };
}

const names = baseline.regions.map(({ name }) => name);
const many = Array.from({ length: 30 }, (_, index) => `region-${index}`);
const largest = 1_000_000;
const plans: [string, StackConfig][] = [
  ['the baseline', stackOf(names, baseline.plan.weights)],
  ['one region', stackOf(['alone'], { alone: { alone: 1 } })],
  ['weights at both ends', stackOf(names, { 'us-east-1': { 'us-east-1': largest, 'us-west-1': 1 } })],
  [
    'more destinations than Istio has percents for',
    stackOf(names, { 'us-east-1': Object.fromEntries(names.map((name, index) => [name, 1 + 999 * index])) }),
  ],
  ['a cluster each', stackOf(names, { 'us-east-1': { 'eu-west-3': 2, 'us-east-1': 1 } }, true)],
  ['thirty regions', stackOf(many, Object.fromEntries(many.map((name) => [name, { [name]: 1 }])))],
];

/** Of GoBetween's exec discovery: host and port, then weight, priority and server name where they are wanted. */
const discoveryLine = /^[^\s:]+:\d{1,5}( weight=\d+)?( priority=\d+)?( sni=\S+)?$/;

const faultsOf: Readonly<Record<string, Faults>> = {
  HTTPRoute: byResource('HTTPRoute'),
  TraefikService: byResource('TraefikService'),
  DestinationRule: byResource('DestinationRule'),
  ChangeBatch: byShape('ChangeBatch'),
};

const documentsOf = (config: StackConfig): [string, readonly object[]][] => [
  ['HTTPRoute', httpRoutes(config, 'web').documents as object[]],
  ['TraefikService', traefikServices(config).documents as object[]],
  ['DestinationRule', destinationRule(config, 'web.mesh').documents as object[]],
  ['ChangeBatch', changeBatch(config, 'example.org').documents as object[]],
];

function expectValid(config: StackConfig): void {
  for (const [schema, documents] of documentsOf(config)) {
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect([schema, faultsOf[schema]?.(document)]).toEqual([schema, []]);
  }
  for (const origin of Object.keys(config.plan.weights)) {
    const lines = (discoveryLines(config, origin).documents as string).split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(line).toMatch(discoveryLine);
  }
}

test.each(plans)('%s is as the published schemas have it', (_, config) => {
  expectValid(config);
});

test('so is any plan', () => {
  const row = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: largest }), { minKeys: 1 });
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), row, { minKeys: 1 }), (weights) => {
      expectValid(stackOf(names, weights));
    }),
    { numRuns: 50 },
  );
});

test('a field that is misspelt, a value that is none and one that is too large would be found', () => {
  const spoilt = (schema: string, from: string, to: string): string[] | undefined => {
    const [, documents] =
      documentsOf(stackOf(names, baseline.plan.weights)).find(([of]) => of === schema) ?? [];
    const text = JSON.stringify(documents?.[0]);
    expect(text).toContain(from);
    return faultsOf[schema]?.(JSON.parse(text.replace(from, to)));
  };
  expect(spoilt('HTTPRoute', '"weight":', '"wieght":')).toHaveLength(1);
  expect(spoilt('HTTPRoute', '"port":8080', '"port":80800')).toHaveLength(1);
  expect(spoilt('TraefikService', '"weighted":', '"weight":')).toHaveLength(1);
  expect(spoilt('DestinationRule', '"distribute":', '"distributes":')).toHaveLength(1);
  expect(spoilt('DestinationRule', '"host":"web.mesh"', '"host":7')).toHaveLength(1);
  expect(spoilt('ChangeBatch', '"TTL":60', '"TTL":-1')).toHaveLength(1);
  expect(spoilt('ChangeBatch', '"Weight":0', '"Weight":256')).toHaveLength(1);
});

test('Route 53 takes 1,000 records in a request, those of an UPSERT counted twice: more are several batches', () => {
  const { documents, notes } = changeBatch(plans[5]?.[1] ?? baseline, 'example.org');
  const sizes = (documents as { Changes: unknown[] }[]).map(({ Changes }) => Changes.length);
  expect(sizes).toEqual([480, 420]);
  expect(notes).toEqual([expect.stringMatching(/^2 change batches, .*one after the other$/)]);
});

test('a Gateway API rule takes 16 backends: a row with more is refused, by name', () => {
  const wide = Object.fromEntries(many.slice(0, 17).map((name) => [name, 1]));
  expect(() => httpRoutes(stackOf(many, { 'region-0': wide }), 'web')).toThrow(ExportError);
  expect(() => httpRoutes(stackOf(many, { 'region-0': wide }), 'web')).toThrow(
    /casper:plan\.weights\.region-0 has 17 destinations, .* 16/,
  );
});
