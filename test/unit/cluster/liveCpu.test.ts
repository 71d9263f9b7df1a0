import { loadYaml, type V1Deployment, type V1Pod } from '@kubernetes/client-node';
import { liveCpuOf as liveCpuIn, type LiveCpu } from '../../../cluster/liveCpu';
import { changeOrder } from '../../../planning/changeOrder';
import { containerName } from '../../../stack/naming';

const container = (cpu: string) => ({ name: containerName, resources: { limits: { cpu } } });

/** A pod that is to have some CPU, and what the kubelet reports that it has; '' where it reports nothing. */
function pod(wanted: string, has: string = wanted, ready = true, metadata: object = {}): V1Pod {
  return loadYaml(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [container(wanted)] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
        containerStatuses: [has === '' ? { name: containerName } : container(has)],
      },
    }),
  );
}

function deployment(replicas: number, cpu: string): V1Deployment {
  const spec = { replicas, template: { spec: { containers: [container(cpu)] } } };
  return loadYaml(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', spec }));
}
/** Where CPU is changed in place, the template has the CPU of as many servers as there may be. */
const inPlace = deployment(1, '1001m');

const liveCpuOf = (of: V1Deployment, pods: readonly V1Pod[]): LiveCpu => liveCpuIn(of, pods, containerName);
const all = (millicores: number) => ({ readyMillicores: millicores, runningMillicores: millicores });

test('what the ready pods have, whole cores too; a pod on its way out does not count', () => {
  expect(liveCpuOf(inPlace, [pod('281m')])).toMatchObject(all(281));
  expect(liveCpuOf(deployment(1, '2'), [pod('2')])).toMatchObject(all(2000));
  const leaving = pod('281m', '281m', true, { deletionTimestamp: '2026-01-05T00:00:00Z' });
  expect(liveCpuOf(inPlace, [leaving])).toMatchObject(all(0));
  expect(liveCpuOf(deployment(0, '1001m'), [])).toMatchObject(all(0));
});

test('an API server before 1.33 tells what the pod asks for', () => {
  expect(liveCpuOf(deployment(1, '281m'), [pod('281m', '')])).toMatchObject(all(281));
});

test('a resize under way counts at once where it takes CPU away, and later where it gives some', () => {
  expect(liveCpuOf(inPlace, [pod('101m', '201m')])).toMatchObject(all(101));
  expect(liveCpuOf(inPlace, [pod('201m', '101m')])).toMatchObject(all(101));
});

test('so does a rollout: the controller goes on with the template whatever comes next', () => {
  expect(liveCpuOf(deployment(1, '101m'), [pod('201m'), pod('101m', '101m', false)])).toMatchObject(all(101));
  expect(liveCpuOf(deployment(1, '201m'), [pod('101m'), pod('201m', '201m', false)])).toMatchObject(all(101));
  expect(liveCpuOf(deployment(0, '201m'), [pod('201m')])).toMatchObject(all(0));
});

test('the pods are those that the Deployment asks for', () => {
  expect(liveCpuOf(deployment(3, '121m'), [pod('112m'), pod('112m')])).toEqual({ ...all(224), pods: 3 });
});

test('a pod that fails its probe runs but is not ready', () => {
  expect(liveCpuOf(inPlace, [pod('201m', '201m', false)])).toMatchObject({
    readyMillicores: 0,
    runningMillicores: 201,
  });
});

/** Region r goes from 101m to 201m and the other way round, in place or by a rollout, and the update fails half-way. */
describe.each(['in place', 'by rollout'])('after an update that failed half-way, %s', (way) => {
  const region = (cpu: string): V1Deployment => (way === 'in place' ? inPlace : deployment(1, cpu));
  const orderOf = (spec: V1Deployment, pods: V1Pod[], next: number) =>
    changeOrder({ r: liveCpuOf(spec, pods) }, { r: next });

  test('it had grown, the weights had moved or not: CPU between old and new shrinks after the weights', () => {
    expect(orderOf(region('201m'), [pod('201m')], 151).shrinking).toEqual(['r']);
    expect(orderOf(region('201m'), [pod('201m')], 101).shrinking).toEqual(['r']);
    expect(orderOf(region('201m'), [pod('201m')], 201).unchanged).toEqual(['r']);
  });

  test('it had not grown: the same plan grows it before the weights', () => {
    expect(orderOf(region('101m'), [pod('101m')], 201).growing).toEqual(['r']);
    expect(orderOf(region('201m'), [pod('101m')], 201).growing).toEqual(['r']);
  });

  test('the weights had moved and it had not shrunk: it still shrinks after the weights', () => {
    expect(orderOf(region('201m'), [pod('201m')], 151).shrinking).toEqual(['r']);
  });

  test('it was shrinking: CPU between old and new grows before the weights', () => {
    const pods = way === 'in place' ? [pod('101m', '201m')] : [pod('201m'), pod('101m', '101m', false)];
    expect(orderOf(region('101m'), pods, 151).growing).toEqual(['r']);
  });
});
