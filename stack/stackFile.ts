import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseDocument, Scalar, type Document } from 'yaml';
import { createText, replaceText } from './replaceText';
import {
  casperValues,
  parseStackConfig,
  StackConfigError,
  type RegionConfig,
  type StackConfig,
  type StackPlan,
} from './stackConfig';

interface ReadFile {
  readonly text: string;
  readonly document: Document;
}

/** @throws StackConfigError */
function readFile(path: string): ReadFile {
  const text = readText(path);
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault) throw new StackConfigError(`${path} is not YAML: ${fault.message}`);
  if (!isMap(document.get('config'))) {
    throw new StackConfigError(`${path} has no config: section; start from Pulumi.dev.yaml`);
  }
  // The last number of a file that was cut may still be one, and another. What is closed is whole.
  if (!/[\n}\]"']$/.test(text)) {
    throw new StackConfigError(
      `${path} does not end with the end of a line, as a file that was cut off; look whether its last line is whole, and end it`,
    );
  }
  return { text, document };
}

function readText(path: string): string {
  if (!existsSync(path)) {
    throw new StackConfigError(
      `${path} does not exist; name a stack file with --config-file, or start from Pulumi.dev.yaml`,
    );
  }
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) throw new StackConfigError(`${path} is not text in UTF-8; save it as that`);
  const text = bytes.toString();
  if (text.includes('\0')) {
    throw new StackConfigError(`${path} has zero bytes in it: a write was cut off; take it from a copy`);
  }
  return text;
}

function parseDocumentConfig(document: Document, path: string, planToCome = false): StackConfig {
  return parseStackConfig(casperValues(configOf(document, path)), path, planToCome);
}

/** @throws StackConfigError where an alias has no anchor, which it may have lost with the plan before */
function configOf(document: Document, path: string): Record<string, unknown> {
  try {
    return (document.toJS() as { config: Record<string, unknown> }).config;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new StackConfigError(
      `${path}: ${error.message}. An alias must come after its anchor, and none may name an anchor inside casper:plan, ` +
        'which each plan replaces as a whole; write the value itself in its place. The file was not changed.',
    );
  }
}

/**
 * Reads and checks the `casper:` keys of a Pulumi stack file.
 * @throws StackConfigError
 */
export function readStackFile(path: string): StackConfig {
  return parseDocumentConfig(readFile(path).document, path);
}

/**
 * The same for a file whose plan is about to be replaced: that one need not fit the rest, so that whoever has changed
 * regions or capacity can plan anew.
 * @throws StackConfigError
 */
export function readStackSettings(path: string): StackConfig {
  return parseDocumentConfig(readFile(path).document, path, true);
}

function setPlan(document: Document, plan: StackPlan): void {
  // Quoted, because Pulumi would read the bare time as a timestamp and write it back in another form.
  const interval = new Scalar(plan.interval);
  interval.type = Scalar.QUOTE_DOUBLE;
  // The weights stand last: a file that was cut lacks rows of them, and is refused.
  const { weights, ...others } = plan;
  document.setIn(['config', 'casper:plan'], document.createNode({ ...others, interval, weights }));
}

/**
 * Puts a plan into a stack file as one object: other keys and comments stay, and the file is replaced by rename, so
 * that whoever reads it sees the old plan or the new one.
 * @returns whether the file changed
 * @throws StackConfigError when the file could not be used with that plan; it is left as it was
 */
export function writeStackPlan(path: string, plan: StackPlan): boolean {
  return edit(path, (document) => {
    setPlan(document, plan);
    parseDocumentConfig(document, path);
  });
}

/**
 * Checks successive plans for a stack file, which stays as it is.
 * @throws StackConfigError that names the first interval whose plan the file could not be used with
 */
export function assertPlansFit(path: string, plans: readonly StackPlan[]): void {
  const values = casperValues(configOf(readFile(path).document, path));
  for (const plan of plans)
    parseStackConfig({ ...values, plan }, `${path} with the plan of ${plan.interval}`);
}

/**
 * Keys of a stack file that say something else than those of another one, such as casper:service.image; plans are left
 * aside.
 * @throws StackConfigError where one of the files cannot be read
 */
export function differingKeys(path: string, other: string): string[] {
  const [ours, theirs] = [path, other].map((file) => configOf(readFile(file).document, file));
  return differing(ours, theirs).flatMap((key) => {
    if (key === 'casper:plan') return [];
    const [one, two] = [ours?.[key], theirs?.[key]];
    return isObject(one) && isObject(two) ? differing(one, two).map((inner) => `${key}.${inner}`) : [key];
  });
}

function differing(one: Record<string, unknown> = {}, two: Record<string, unknown> = {}): string[] {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(two)])];
  return keys.filter((key) => !isDeepStrictEqual(one[key], two[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
 * Sets one value of a stack file; all else stays as it is. Whether its plan fits is seen when that is applied: the file
 * may have none yet.
 * @throws StackConfigError when the file could not be used with that value; it is left as it was
 */
export function setStackValue(path: string, { keys, value }: StackSetting): void {
  edit(path, (document) => {
    setValue(document, keys, value);
    parseDocumentConfig(document, path, true);
  });
}

/** How often an edit is made anew in a file that somebody else changes meanwhile. */
const attempts = 5;

/**
 * Changes a stack file. What somebody else has changed between reading and writing is read again, so that both changes
 * are in the file.
 * @returns whether the file changed
 */
function edit(path: string, change: (document: Document) => void): boolean {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { text, document } = readFile(path);
    change(document);
    const after = textOf(document, text);
    if (after === text) return false;
    if (replaceText(path, text, after)) return true;
  }
  throw new StackConfigError(
    `${path} was changed by somebody else each of the ${attempts} times that it was to be written; close what writes it, and try again. Nothing was written.`,
  );
}

/** The text of a document, with the byte order mark and the ends of lines of the text that it was read from. */
function textOf(document: Document, before: string): string {
  const text = document.toString({ lineWidth: 0 });
  const mark = before.startsWith('\uFEFF') && !text.startsWith('\uFEFF') ? '\uFEFF' : '';
  return mark + (before.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text);
}

/** What Pulumi notes at the top of a stack file about how its secrets are encrypted. */
const encryptionKeys = ['secretsprovider', 'encryptedkey', 'encryptionsalt'];

/**
 * Gives a stack file the encryption of another one, which Pulumi has written; all else stays as it is.
 * Pulumi itself would write the whole file anew, in its own layout.
 */
export function adoptEncryption(path: string, writtenByPulumi: string): void {
  const source = parseDocument(readFileSync(writtenByPulumi, 'utf8'));
  edit(path, (document) => {
    for (const key of encryptionKeys) {
      const value: unknown = source.get(key);
      if (value !== undefined) document.set(key, value);
    }
  });
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
  const { text, document } = readFile(template);
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
  putPlanLast(document);
  parseDocumentConfig(document, path, true);
  if (!createText(path, textOf(document, text))) {
    throw new StackConfigError(`${path} exists already; name another file with --config-file, or remove it`);
  }
}

/** With the plan at its end, a file that was cut is refused wherever that was. */
function putPlanLast(document: Document): void {
  const config = document.get('config');
  if (!isMap(config)) return;
  const isPlan = (key: unknown): boolean => isScalar(key) && key.value === 'casper:plan';
  config.items.sort((a, b) => Number(isPlan(a.key)) - Number(isPlan(b.key)));
}
