import { CheckFailure, CheckResponse } from '@pulumi/pulumi/proto/provider_pb';
import type { z } from 'zod';
import { reveal, Secret, toStruct, Unknown, type Property, type PropertyMap } from './properties';

/** The answer to a check: the inputs as they are, and what of them does not fit the schema. */
export function checkResponse(schema: z.ZodType, inputs: PropertyMap): CheckResponse {
  return new CheckResponse().setInputs(toStruct(inputs)).setFailuresList(checkFailures(schema, inputs));
}

/** What does not fit the schema; what is not known yet counts as fitting. */
export function checkFailures(schema: z.ZodType, inputs: PropertyMap): CheckFailure[] {
  const parsed = schema.safeParse(reveal(inputs));
  if (parsed.success) return [];
  return parsed.error.issues
    .filter(({ path }) => !leadsToUnknown(inputs, path))
    .map(({ path, message }) =>
      new CheckFailure().setProperty(path.map(String).join('.')).setReason(message),
    );
}

function leadsToUnknown(inputs: PropertyMap, path: readonly PropertyKey[]): boolean {
  let here: Property | undefined = inputs;
  for (const key of path) {
    while (here instanceof Secret) here = here.element;
    if (here instanceof Unknown) return true;
    if (typeof here !== 'object' || here === null) return false;
    here = (here as Record<PropertyKey, Property | undefined>)[key];
  }
  while (here instanceof Secret) here = here.element;
  return here instanceof Unknown;
}
