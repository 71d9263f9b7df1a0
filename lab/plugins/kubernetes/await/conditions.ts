import {
  at,
  isMap,
  listAt,
  mapsAt,
  numberAt,
  textAt,
  type Property,
  type PropertyMap,
} from '../../provider/properties';

/** The condition of a type in an object's status; undefined where it is not there. */
export function conditionOf(object: PropertyMap, type: string): PropertyMap | undefined {
  return mapsAt(object, 'status', 'conditions').find((condition) => condition['type'] === type);
}

export function isTrue(condition: PropertyMap | undefined): boolean {
  return condition?.['status'] === 'True';
}

/** `[Reason] message` of a condition; empty where it says neither. */
export function describeCondition(condition: PropertyMap | undefined): string {
  const reason = textAt(condition, 'reason') ?? '';
  const message = textAt(condition, 'message') ?? '';
  return [reason ? `[${reason}]` : '', message].filter((part) => part !== '').join(' ');
}

/** True where the status is about the object's current generation. */
export function isObserved(object: PropertyMap): boolean {
  return (
    (numberAt(object, 'status', 'observedGeneration') ?? 0) >=
    (numberAt(object, 'metadata', 'generation') ?? 0)
  );
}

/** The label selector of a workload, in the form that list requests take. */
export function selectorOf(object: PropertyMap): string {
  const labels = at(object, 'spec', 'selector', 'matchLabels');
  const expressions = mapsAt(object, 'spec', 'selector', 'matchExpressions').map(expression);
  return [...equalities(labels), ...expressions].join(',');
}

/** `key=value` for each label of a map. */
export function equalities(labels: Property | undefined): string[] {
  if (labels === undefined || !isMap(labels)) return [];
  return Object.entries(labels).map(([key, value]) => `${key}=${typeof value === 'string' ? value : ''}`);
}

function expression(given: PropertyMap): string {
  const key = textAt(given, 'key') ?? '';
  const values = listAt(given, 'values')
    .filter((value) => typeof value === 'string')
    .join(',');
  switch (given['operator']) {
    case 'In':
      return `${key} in (${values})`;
    case 'NotIn':
      return `${key} notin (${values})`;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return key;
  }
}
