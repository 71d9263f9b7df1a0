import { isMap, Secret, type Property } from '../../../plugin/properties';

/** Every text that is secret, or part of something secret. */
export function secretTexts(value: Property): string[] {
  const texts = new Set<string>();
  collect(value, false, texts);
  return [...texts];
}

function collect(value: Property, secret: boolean, into: Set<string>): void {
  if (value instanceof Secret) collect(value.element, true, into);
  else if (Array.isArray(value)) for (const part of value) collect(part, secret, into);
  else if (isMap(value)) for (const part of Object.values(value)) collect(part, secret, into);
  else if (secret && typeof value === 'string') into.add(value);
}

/**
 * Replaces texts in a message, also in the forms that quoting and base64 give them. Texts of fewer than 4 characters are
 * left, or messages would turn to rubble.
 */
export function hideTexts(message: string, texts: readonly string[]): string {
  const forms = texts.flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    Buffer.from(text).toString('base64'),
    Buffer.from(text, 'base64').toString(),
  ]);
  return [...new Set(forms)]
    .filter((text) => text.length >= 4)
    .sort((a, b) => b.length - a.length)
    .reduce((redacted, text) => redacted.replaceAll(text, '[secret]'), message);
}
