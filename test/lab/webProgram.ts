import { Deployment } from '@pulumi/kubernetes/apps/v1';
import type { PulumiFn } from '@pulumi/pulumi/automation';
import { regionLabels } from '../../stack/naming';
import { labProvider } from './namespaceStack';

/** An image that the lab's nodes have and that runs until it is told to stop. */
const image = process.env['CASPER_LAB_PAUSE_IMAGE'] ?? 'registry.k8s.io/pause:3.10';

export interface Web {
  readonly image?: string;
  readonly replicas?: number;
  readonly version?: string;
  /** Value of a label that the Deployment selects by. */
  readonly tier?: string;
  readonly nodeSelector?: Record<string, string>;
  readonly timeoutSeconds?: number;
  /** Whether the object's own fields are taken back from whoever changed them. */
  readonly force?: boolean;
  /** Where the object is, if not in the stack's own namespace. */
  readonly namespace?: string;
}

/** A program of one Deployment like a region's, with casper's labels. */
export function webProgram(own: string, step: Web): PulumiFn {
  const { replicas = 1, version = '1', tier = 'web', timeoutSeconds = 120, namespace = own } = step;
  const labels = { ...regionLabels('east'), tier };
  const annotations = {
    'pulumi.com/timeoutSeconds': String(timeoutSeconds),
    ...(step.force && { 'pulumi.com/patchForce': 'true' }),
  };
  const container = {
    ...{ name: 'web', image: step.image ?? image, imagePullPolicy: 'IfNotPresent' },
    env: [{ name: 'VERSION', value: version }],
    resources: { limits: { cpu: '100m' } },
  };
  return () => {
    new Deployment(
      'web',
      {
        metadata: { namespace, name: 'web', labels, annotations },
        spec: {
          replicas,
          selector: { matchLabels: labels },
          strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 1,
              ...(step.nodeSelector && { nodeSelector: step.nodeSelector }),
              containers: [container],
            },
          },
        },
      },
      { provider: labProvider() },
    );
    return Promise.resolve();
  };
}
