import { loadYaml, type V1Pod } from '@kubernetes/client-node';
import { choose } from '../../../components/podCpu/resizePods';

const pod = (name: string, cost?: string, creationTimestamp?: string): V1Pod => {
  const annotations = cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  return loadYaml(
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, annotations, creationTimestamp } }),
  );
};
const names = (pods: readonly { metadata?: { name?: string } }[]) =>
  pods.map(({ metadata }) => metadata?.name);

test('of more pods than planned the first by name stay', () => {
  const { staying, leaving } = choose([pod('c'), pod('a'), pod('b')], 2);
  expect(names(staying)).toEqual(['a', 'b']);
  expect(names(leaving)).toEqual(['c']);
});

test('a pod that an earlier change has marked to go still goes first', () => {
  const { staying, leaving } = choose([pod('a', '-1'), pod('b'), pod('c', '0')], 2);
  expect(names(staying)).toEqual(['b', 'c']);
  expect(names(leaving)).toEqual(['a']);
});

test('where fewer run than planned, all of them stay', () => {
  expect(names(choose([pod('a', '-1')], 3).staying)).toEqual(['a']);
});

test('the newest stay: a pod that a rollout has replaced may still run', () => {
  const old = pod('a', undefined, '2026-01-05T00:00:00Z');
  expect(names(choose([old, pod('b', undefined, '2026-01-05T00:00:09Z')], 1).staying)).toEqual(['b']);
});
