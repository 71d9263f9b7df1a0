import { z } from 'zod';

/**
 * What an update had begun when it was killed stands in the stack's state as pending. A change or a deletion is done
 * again by the next update, which has the resource in its state; of what was being made nobody noted whether it is there.
 */

const schema = z.object({
  deployment: z.object({
    pending_operations: z
      .array(z.object({ type: z.string(), resource: z.object({ urn: z.string(), type: z.string() }) }))
      .nullish(),
  }),
});

/** A resource that was being made. */
export interface PendingCreate {
  readonly urn: string;
  /** Whether to make it again is right whatever became of it: commands of casper, and what is applied on the server. */
  readonly mayBeMadeAgain: boolean;
}

const madeAgain = /^(command:(local|remote):|kubernetes:(?!helm\.sh)|casper:index:)/;

/** Of a stack's exported state; pure. */
export function pendingCreates(state: unknown): PendingCreate[] {
  return (schema.parse(state).deployment.pending_operations ?? [])
    .filter(({ type }) => type === 'creating')
    .map(({ resource: { urn, type } }) => ({ urn, mayBeMadeAgain: madeAgain.test(type) }));
}
