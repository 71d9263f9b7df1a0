/**
 * Annotation of every object that casper makes: where somebody else has changed one of the fields that casper sets, with
 * kubectl for instance, casper takes the field back. Without it the API server refuses the update as a conflict.
 */
export const owned = { 'pulumi.com/patchForce': 'true' } as const;
