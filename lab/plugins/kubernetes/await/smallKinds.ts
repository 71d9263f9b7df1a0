import { at, equal, isMap, numberAt } from '../../provider/properties';
import { READY, waiting, type Awaiter } from './assessment';
import { conditionOf, describeCondition, isTrue } from './conditions';

/** A definition of custom resources is ready when the API server serves its kind; refused names never will be. */
export const customResourceDefinition: Awaiter = {
  defaultTimeoutSeconds: 60,
  assessOnRead: false,
  assess: ({ object }) => {
    if (isTrue(conditionOf(object, 'Established'))) return READY;
    const names = conditionOf(object, 'NamesAccepted');
    const refused = names !== undefined && names['status'] === 'False' ? [describeCondition(names)] : [];
    return waiting('Waiting for the API server to serve the kind', [
      'The API server does not serve the kind yet',
      ...refused,
    ]);
  },
};

export const replicationController: Awaiter = {
  defaultTimeoutSeconds: 600,
  assessOnRead: false,
  assess: ({ object }) => {
    const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
    const available = numberAt(object, 'status', 'availableReplicas') ?? 0;
    const status = `${available} of ${wanted} replicas are available`;
    return available === wanted ? READY : waiting(status, [status]);
  },
};

/** Ready when the quota's controller has taken its limits over. */
export const resourceQuota: Awaiter = {
  defaultTimeoutSeconds: 60,
  assessOnRead: false,
  assess: ({ object }) =>
    equal(at(object, 'spec', 'hard') ?? {}, at(object, 'status', 'hard') ?? {})
      ? READY
      : waiting('Waiting for the quota to take effect', ['The quota has not taken effect']),
};

/** A Secret for a service account's token is filled by a controller; any other is ready at once. */
export const secret: Awaiter = {
  defaultTimeoutSeconds: 60,
  assessOnRead: false,
  assess: ({ object }) => {
    const data = object['data'];
    const filled = data !== undefined && isMap(data) && Object.keys(data).length > 0;
    if (object['type'] !== 'kubernetes.io/service-account-token' || filled) return READY;
    return waiting('Waiting for the token', [
      'No token was put into the Secret; does its service account exist?',
    ]);
  },
};
