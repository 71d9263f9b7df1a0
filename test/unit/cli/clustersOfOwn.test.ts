import { clustersOfOwn } from '../../../cli/clustersOfOwn';

const regions = ['paris', 'tokyo', 'oslo'];

test('one context is the cluster of all regions', () => {
  expect(clustersOfOwn(['prod'], regions)).toEqual({
    regions: [{ name: 'paris' }, { name: 'tokyo' }, { name: 'oslo' }],
    settings: [{ keys: ['casper:cluster'], value: { context: 'prod' } }],
  });
});

test('several give every region its own; a context may look like anything', () => {
  const { regions: placed, settings } = clustersOfOwn(
    ['paris,oslo=arn:aws:eks:eu:1/Web', 'tokyo=a=b'],
    regions,
  );
  expect(placed).toEqual([
    { name: 'paris', cluster: 'arn-aws-eks-eu-1-web' },
    { name: 'tokyo', cluster: 'a-b' },
    { name: 'oslo', cluster: 'arn-aws-eks-eu-1-web' },
  ]);
  expect(settings[0]?.value).toEqual([
    { name: 'arn-aws-eks-eu-1-web', context: 'arn:aws:eks:eu:1/Web' },
    { name: 'a-b', context: 'a=b' },
  ]);
});

test.each([
  [['paris=one', 'tokyo=two'], /no cluster for oslo/],
  [['paris,rome=one'], /rome is no region of the trace \(paris, tokyo, oslo\)/],
  [['paris,tokyo=one', 'paris,oslo=two'], /paris is in one already/],
  [['one', 'two'], /--context one: expected one context for all regions, or REGION/],
])('refuses %j', (contexts, message) => {
  expect(() => clustersOfOwn(contexts, regions)).toThrow(message);
});
