import { z } from 'zod';

const name = z.string().min(1);

/** Names another's Deployment, and what of it is patched. */
export const borrowedDeploymentInputs = z.object({
  /** Context of the kubeconfig. */
  context: name,
  /** Path; where kubectl looks for it when absent. */
  kubeconfig: z.string().optional(),
  namespace: name,
  /** Name of the Deployment. */
  deployment: name,
  /** The region's name, for messages. */
  instance: name,
  /** Container of the pods whose CPU is changed. */
  container: name,
  /** Whether its CPU is patched in the Deployment's template, beside the number of pods, or only changed in pods. */
  patchesCpu: z.boolean(),
  /** The manager that patches it. */
  fieldManager: name,
});

export type BorrowedDeploymentInputs = Readonly<z.infer<typeof borrowedDeploymentInputs>>;

/** Who had set a field, as in an entry of `metadata.managedFields`. */
const owner = z.object({
  manager: z.string(),
  operation: z.string(),
  subresource: z.string().optional(),
});

/** A field as it was before it was patched; no value where it was not set, no owner where nobody had. */
const formerField = z.object({
  value: z.union([z.string(), z.number()]).optional(),
  owner: owner.optional(),
});

/** What is kept of a Deployment so that it can be given back. */
export const formerFields = z.object({ replicas: formerField, limit: formerField, request: formerField });

export type Owner = Readonly<z.infer<typeof owner>>;
export type FormerField = Readonly<z.infer<typeof formerField>>;
export type FormerFields = Readonly<z.infer<typeof formerFields>>;
