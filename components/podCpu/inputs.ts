import { z } from 'zod';

const name = z.string().min(1);
const millicores = z.int().positive();

/** Names what runs, and the CPU that it should have. */
export const podCpuInputs = z.object({
  /** Context of the kubeconfig. */
  context: name,
  /** Path; where kubectl looks for it when absent. */
  kubeconfig: z.string().optional(),
  namespace: name,
  /** Name of the Deployment. */
  deployment: name,
  /** The region's name, and the pods' value of the label app.kubernetes.io/instance. */
  instance: name,
  /** Labels of the pods, where that is not theirs. */
  labels: z.record(z.string(), z.string()).optional(),
  container: name,
  /** How many pods share the CPU; of more that run, the others are the first to go when the Deployment shrinks. */
  pods: z.int().positive().default(1),
  /** CPU of all of them together. */
  limitMillicores: millicores,
  requestMillicores: millicores,
  /** How long the kubelet may take, in seconds. */
  timeoutSeconds: z.number().positive(),
});

export type PodCpuInputs = Readonly<z.infer<typeof podCpuInputs>>;
