import { at, isMap, mapsAt, textAt, type Property, type PropertyMap } from '../../provider/properties';
import { READY, waiting, type Assessment, type Awaiter } from './assessment';
import { conditionOf, describeCondition, isObserved, isTrue } from './conditions';

const DEFAULT_TIMEOUT_SECONDS = 600;

/**
 * What `pulumi.com/waitFor` asks for: `condition=Type[=Status]` or `jsonpath={.path}[=value]`, or a JSON list of these of
 * which all must hold. Throws where the annotation says something else.
 */
export function waitForAwaiter(annotation: string): Awaiter {
  const expressions = parseList(annotation);
  if (expressions.length === 0)
    throw new Error('pulumi.com/waitFor: at least one condition must be specified');
  const checks = expressions.map(parseExpression);
  return {
    defaultTimeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
    assessOnRead: false,
    assess: ({ object }) => {
      if (isStale(object)) return waiting('Waiting for the controller to see the change');
      const missing = expressions.filter((_, index) => checks[index]?.(object) !== true);
      if (missing.length === 0) return READY;
      const status = `Waiting for ${missing.join(', ')}`;
      return waiting(status, [`${missing.join(', ')} does not hold`, ...unhappy(object)]);
    },
  };
}

/** What PULUMI_K8S_AWAIT_ALL asks for: the object's own conditions say that it is ready, or say nothing about it. */
export const anyReadiness: Awaiter = {
  defaultTimeoutSeconds: DEFAULT_TIMEOUT_SECONDS,
  assessOnRead: false,
  assess: ({ object }): Assessment => {
    const ready = conditionOf(object, 'Ready');
    const reconciling = isTrue(conditionOf(object, 'Reconciling'));
    if (!isStale(object) && !reconciling && (ready === undefined || isTrue(ready))) return READY;
    return waiting('Waiting for readiness', ['The object is not ready', ...unhappy(object)]);
  },
};

/** True where the status is about an earlier generation; kinds that do not say so are taken at their word. */
function isStale(object: PropertyMap): boolean {
  return at(object, 'status', 'observedGeneration') !== undefined && !isObserved(object);
}

function unhappy(object: PropertyMap): string[] {
  return mapsAt(object, 'status', 'conditions')
    .filter((condition) => !isTrue(condition))
    .map((condition) => `${textAt(condition, 'type') ?? ''}: ${describeCondition(condition)}`);
}

function parseList(annotation: string): string[] {
  if (!annotation.trimStart().startsWith('[')) return [annotation];
  try {
    const list: unknown = JSON.parse(annotation);
    if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  } catch {
    // Said below, with what was found.
  }
  throw new Error(`pulumi.com/waitFor: expected a JSON list of texts, got ${annotation}`);
}

type Check = (object: PropertyMap) => boolean;

function parseExpression(expression: string): Check {
  const condition = /^condition=([^=]+)(?:=(.*))?$/.exec(expression);
  if (condition) {
    const [, type = '', status = 'True'] = condition;
    return (object) => {
      const found = mapsAt(object, 'status', 'conditions').find((candidate) =>
        sameWord(candidate['type'], type),
      );
      return found !== undefined && sameWord(found['status'], status);
    };
  }
  const jsonPath = /^jsonpath=\{([^{}]*)\}(?:=(.+))?$/.exec(expression);
  if (jsonPath) {
    const [, path = '', value] = jsonPath;
    const steps = parsePath(path, expression);
    return (object) => {
      const found = follow(object, steps);
      return value === undefined ? found !== undefined : found !== undefined && asText(found) === value;
    };
  }
  throw new Error(
    `pulumi.com/waitFor: expected condition=TYPE[=STATUS] or jsonpath={.PATH}[=VALUE], got "${expression}"`,
  );
}

function sameWord(a: Property | undefined, b: string): boolean {
  return typeof a === 'string' && a.toLowerCase() === b.toLowerCase();
}

/** Steps of a path such as `.status.conditions[0].type` or `.metadata.annotations['a.b/c']`. */
function parsePath(path: string, expression: string): string[] {
  const pattern = /\.([\w-]+)|\[(\d+)\]|\[['"]([^'"]+)['"]\]/y;
  const steps: string[] = [];
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path);
    if (!match) throw new Error(`pulumi.com/waitFor: this JSONPath is not understood: "${expression}"`);
    steps.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  if (steps.length === 0) throw new Error(`pulumi.com/waitFor: the JSONPath is empty: "${expression}"`);
  return steps;
}

function follow(object: PropertyMap, steps: string[]): Property | undefined {
  let here: Property | undefined = object;
  for (const step of steps) {
    if (Array.isArray(here)) here = here[Number(step)];
    else here = here !== undefined && isMap(here) ? here[step] : undefined;
  }
  return here ?? undefined;
}

function asText(value: Property): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
