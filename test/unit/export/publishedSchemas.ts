import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv';

/** A part of a JSON schema, as far as it is changed here. */
interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  [keyword: string]: unknown;
}

/** What AWS calls a shape. */
interface Shape {
  readonly type: 'structure' | 'list' | 'string' | 'integer' | 'long' | 'boolean';
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

const within =
  (most: number) =>
  (value: number): boolean =>
    Number.isInteger(value) && Math.abs(value) <= most;
const ajv = new Ajv({
  ...{ allErrors: true, nullable: true },
  // OpenAPI's, which JSON schema has not.
  formats: {
    int32: { type: 'number', validate: within(2 ** 31) },
    int64: { type: 'number', validate: within(2 ** 53) },
    double: { type: 'number', validate: Number.isFinite },
  },
});

/** What is wrong with a document; empty where nothing is. */
export type Faults = (document: unknown) => string[];

/** By a CustomResourceDefinition. An API server drops fields that it does not know in silence; here they are faults. */
export function byResource(name: string): Faults {
  const schema = closed(read(name) as Schema);
  // Of every object, and mostly not in its schema.
  const properties = { apiVersion: {}, kind: {}, metadata: {}, ...schema.properties };
  return faultsBy({ ...schema, properties });
}

/** By a shape of AWS' model of an API. */
export function byShape(name: string): Faults {
  const shapes = read(name) as Record<string, Shape>;
  const schemaOf = (shape: string): Schema => {
    const {
      type,
      members = {},
      member,
      required = [],
      min,
      max,
      pattern,
      ...own
    } = shapes[shape] ?? missing(shape);
    switch (type) {
      case 'structure':
        return {
          type: 'object',
          additionalProperties: false,
          required,
          properties: Object.fromEntries(
            Object.entries(members).map(([key, { shape: of }]) => [key, schemaOf(of)]),
          ),
        };
      case 'list':
        return {
          type: 'array',
          items: schemaOf(member?.shape ?? ''),
          ...(min !== undefined && { minItems: min }),
        };
      case 'string':
        return {
          type,
          ...(min !== undefined && { minLength: min }),
          ...(max !== undefined && { maxLength: max }),
          ...(pattern !== undefined && { pattern: `^(${pattern})$` }),
          ...(own.enum && { enum: own.enum }),
        };
      case 'boolean':
        return { type };
      default:
        return {
          type: 'integer',
          ...(min !== undefined && { minimum: min }),
          ...(max !== undefined && { maximum: max }),
        };
    }
  };
  return faultsBy(schemaOf(name));
}

function missing(name: string): never {
  throw new Error(`no schema of ${name}`);
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(path.join(__dirname, 'schemas', `${name}.json`), 'utf8'));
}

function faultsBy(schema: Schema): Faults {
  const validate = ajv.compile(schema);
  return (document) =>
    validate(document) === true
      ? []
      : (validate.errors ?? []).map(({ dataPath, message = '' }) => `${dataPath} ${message}`);
}

/** The same schema, in which objects have no fields that it does not name. */
function closed(schema: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, own]) => [key, closed(own)])),
      additionalProperties: schema['x-kubernetes-preserve-unknown-fields'] === true,
    }),
    ...(items && { items: closed(items) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: closed(additionalProperties) }),
  };
}
