import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isMap, isScalar, parseDocument, Scalar, type Document } from 'yaml';
import {
  casperValues,
  parseStackConfig,
  StackConfigError,
  type RegionConfig,
  type StackConfig,
  type StackPlan,
} from './stackConfig';

function readDocument(path: string): Document {
  if (!existsSync(path)) {
    throw new StackConfigError(
      `${path} does not exist; name a stack file with --config-file, or start from Pulumi.dev.yaml`,
    );
  }
  const document = parseDocument(readFileSync(path, 'utf8'));
  const [fault] = document.errors;
  if (fault) throw new StackConfigError(`${path} is not YAML: ${fault.message}`);
  if (!isMap(document.get('config'))) {
    throw new StackConfigError(`${path} has no config: section; start from Pulumi.dev.yaml`);
  }
  return document;
}

function parseDocumentConfig(document: Document, path: string, planToCome = false): StackConfig {
  const { config } = document.toJS() as { config: Record<string, unknown> };
  return parseStackConfig(casperValues(config), path, planToCome);
}

/**
 * Reads and checks the `casper:` keys of a Pulumi stack file.
 * @throws StackConfigError
 */
export function readStackFile(path: string): StackConfig {
  return parseDocumentConfig(readDocument(path), path);
}

/**
 * The same for a file whose plan is about to be replaced: that one need not fit the rest, so that whoever has changed
 * regions or capacity can plan anew.
 * @throws StackConfigError
 */
export function readStackSettings(path: string): StackConfig {
  return parseDocumentConfig(readDocument(path), path, true);
}

function setPlan(document: Document, plan: StackPlan): void {
  // Quoted, because Pulumi would read the bare time as a timestamp and write it back in another form.
  const interval = new Scalar(plan.interval);
  interval.type = Scalar.QUOTE_DOUBLE;
  document.setIn(['config', 'casper:plan'], document.createNode({ ...plan, interval }));
}

/**
 * Puts a plan into a stack file as one object: other keys and comments stay, and the file is replaced by rename, so
 * that whoever reads it sees the old plan or the new one.
 * @returns whether the file changed
 * @throws StackConfigError when the file could not be used with that plan; it is left as it was
 */
export function writeStackPlan(path: string, plan: StackPlan): boolean {
  const document = readDocument(path);
  setPlan(document, plan);
  parseDocumentConfig(document, path);
  return replaceFile(path, document);
}

/** One value of a stack file, by its keys from the outside in, such as `casper:service` and `cpuChange`. */
export interface StackSetting {
  readonly keys: readonly string[];
  /** Undefined for none: the key goes. */
  readonly value: unknown;
}

function setValue(document: Document, keys: readonly string[], value: unknown): void {
  if (value === undefined) document.deleteIn(['config', ...keys]);
  else document.setIn(['config', ...keys], document.createNode(value));
}

/**
 * Sets one value of a stack file; all else stays as it is.
 * @throws StackConfigError when the file could not be used with that value; it is left as it was
 */
export function setStackValue(path: string, { keys, value }: StackSetting): void {
  const document = readDocument(path);
  setValue(document, keys, value);
  parseDocumentConfig(document, path);
  replaceFile(path, document);
}

function replaceFile(path: string, document: Document): boolean {
  const after = document.toString({ lineWidth: 0 });
  if (after === readFileSync(path, 'utf8')) return false;
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, after);
  renameSync(temporary, path);
  return true;
}

/** What Pulumi notes at the top of a stack file about how its secrets are encrypted. */
const encryptionKeys = ['secretsprovider', 'encryptedkey', 'encryptionsalt'];

/**
 * Gives a stack file the encryption of another one, which Pulumi has written; all else stays as it is.
 * Pulumi itself would write the whole file anew, in its own layout.
 */
export function adoptEncryption(path: string, writtenByPulumi: string): void {
  const source = parseDocument(readFileSync(writtenByPulumi, 'utf8'));
  const document = readDocument(path);
  for (const key of encryptionKeys) {
    const value: unknown = source.get(key);
    if (value !== undefined) document.set(key, value);
  }
  replaceFile(path, document);
}

/**
 * Writes a new stack file: another one's keys with other regions, in which no server runs yet.
 * @param settings what else differs from the template's, such as casper:platform
 * @throws StackConfigError when `path` exists already
 */
export function newStackFile(
  template: string,
  path: string,
  regions: readonly (Partial<RegionConfig> & { readonly name: string })[],
  interval: string,
  settings: readonly StackSetting[] = [],
): void {
  const document = readDocument(template);
  const [first] = isMap(document.contents) ? document.contents.items : [];
  // What is said of the template does not hold for what is made of it.
  if (isScalar(first?.key)) first.key.commentBefore = null;
  document.commentBefore = ` A service in ${regions.length} regions; docs/configuration.md explains every key.`;
  document.setIn(['config', 'casper:regions'], document.createNode(regions));
  for (const { keys, value } of settings) setValue(document, keys, value);
  const plan: StackPlan = {
    interval,
    policy: 'none',
    regions: Object.fromEntries(regions.map(({ name }) => [name, { servers: 0, cpuMillicores: 0 }])),
    weights: {},
  };
  setPlan(document, plan);
  parseDocumentConfig(document, path);
  try {
    writeFileSync(path, document.toString({ lineWidth: 0 }), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StackConfigError(`${path} exists already; name another file with --config-file, or remove it`);
  }
}
