import { WAIT_FOR } from '../annotations';
import { annotationOf, gvkOf } from '../kubernetesObject';
import type { PropertyMap } from '../../provider/properties';
import type { Awaiter } from './assessment';
import { daemonSet } from './daemonSet';
import { deployment } from './deployment';
import { ingress } from './ingress';
import { job } from './job';
import { pod } from './pod';
import { service } from './service';
import { customResourceDefinition, replicationController, resourceQuota, secret } from './smallKinds';
import { statefulSet } from './statefulSet';
import { persistentVolume, persistentVolumeClaim } from './volumes';
import { anyReadiness, waitForAwaiter } from './waitFor';

/** The kinds that are awaited, by group and kind. All others are ready once they exist. */
const AWAITERS: Record<string, Awaiter> = {
  'apps/DaemonSet': daemonSet,
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'batch/Job': job,
  'networking.k8s.io/Ingress': ingress,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinition,
  '/PersistentVolume': persistentVolume,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  '/Pod': pod,
  '/ReplicationController': replicationController,
  '/ResourceQuota': resourceQuota,
  '/Secret': secret,
  '/Service': service,
};

/** How objects of this kind are awaited; undefined where there is nothing to wait for. */
export function kindAwaiter(object: PropertyMap): Awaiter | undefined {
  const { group, kind } = gvkOf(object);
  return AWAITERS[`${group}/${kind}`];
}

/** How to wait for an object that was applied: as its annotation says, else as its kind is awaited. */
export function awaiterFor(object: PropertyMap): Awaiter | undefined {
  const waitFor = annotationOf(object, WAIT_FOR);
  if (waitFor) return waitForAwaiter(waitFor);
  return kindAwaiter(object) ?? (process.env['PULUMI_K8S_AWAIT_ALL'] === 'true' ? anyReadiness : undefined);
}
