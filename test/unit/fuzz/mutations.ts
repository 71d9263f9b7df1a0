import fc from 'fast-check';

/** How many mutated inputs each parser is given; CASPER_FUZZ_RUNS=10000 for a thorough look. */
export const fuzzRuns = Number(process.env['CASPER_FUZZ_RUNS'] ?? 300);

/** Seeded, so that a failure can be repeated; CASPER_FUZZ_SEED looks elsewhere. */
export const fuzz = { numRuns: fuzzRuns, seed: Number(process.env['CASPER_FUZZ_SEED'] ?? 20_261_128) };

/** Of all mutations of one parser. Each takes milliseconds; a hang is none of them that takes this long. */
export const fuzzTimeoutMs = 60_000 + fuzzRuns * 200;

/** What cuts, full disks, other programs and other countries leave in a text. */
const pieces = [
  ...[
    '',
    ' ',
    '\n',
    '\r\n',
    '\0',
    '\t',
    ',',
    ';',
    ':',
    '"',
    "'",
    '-',
    '.',
    '+',
    '#',
    '&a ',
    '*a',
    '!!binary ',
    '|',
    '>',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '{{',
    'null',
    'NaN',
    'Infinity',
    '1e999',
    '-1',
    '0',
    '0x10',
    '1_000',
    '1,5',
    '٣',
    '１',
  ],
  ...[
    '99999999999999999999',
    '1e-7',
    'true',
    'é',
    '\uFEFF',
    '\uD800',
    '__proto__',
    'constructor',
    'unknown',
    '<<: ',
  ],
];

type Mutation = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, where: number): number => Math.floor(where * text.length);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Cut off at the end, and at the beginning.
  place.map((where) => (text: string) => text.slice(0, at(text, where))),
  place.map((where) => (text: string) => text.slice(at(text, where))),
  fc.tuple(place, fc.nat(20)).map(([where, length]) => (text: string) => {
    const start = at(text, where);
    return text.slice(0, start) + text.slice(start + length);
  }),
  fc.tuple(place, fc.constantFrom(...pieces), fc.nat(6)).map(([where, piece, length]) => (text: string) => {
    const start = at(text, where);
    return text.slice(0, start) + piece + text.slice(start + length);
  }),
  fc.tuple(place, place, fc.nat(60)).map(([from, to, length]) => (text: string) => {
    const copied = text.slice(at(text, from), at(text, from) + length);
    return text.slice(0, at(text, to)) + copied + text.slice(at(text, to));
  }),
  // Another digit somewhere.
  fc.tuple(place, fc.nat(9)).map(([where, digit]) => (text: string) => {
    const index = text.slice(at(text, where)).search(/\d/);
    return index < 0
      ? text
      : text.slice(0, at(text, where) + index) + String(digit) + text.slice(at(text, where) + index + 1);
  }),
  fc.tuple(place, place).map(([from, to]) => (text: string) => {
    const lines = text.split('\n');
    const [line = ''] = lines.splice(Math.floor(from * lines.length), 1);
    lines.splice(Math.floor(to * (lines.length + 1)), 0, line);
    return lines.join('\n');
  }),
);

/** A text after one to four accidents; itself unchanged is among them where they cancel out. */
export function mutated(text: string): fc.Arbitrary<string> {
  return fc
    .array(mutation, { minLength: 1, maxLength: 4 })
    .map((mutations) => mutations.reduce((now, mutate) => mutate(now), text));
}

/** What a parser gave or refused, and how long it took. */
export async function outcomeOf<T>(parse: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  const startedAtMs = performance.now();
  try {
    return { value: await parse() };
  } catch (error) {
    return { error };
  } finally {
    const tookMs = performance.now() - startedAtMs;
    if (tookMs > 10_000) throw new Error(`took ${tookMs} ms`);
  }
}

/** A refusal has to be of the parser's own kind, and to say something. */
export function expectRefusal(error: unknown, ...kinds: (new (...args: never[]) => Error)[]): void {
  if (!kinds.some((kind) => error instanceof kind)) throw error;
  expect((error as Error).message.length).toBeGreaterThan(20);
  expect((error as Error).message).not.toMatch(/\[object Object\]|undefined:/);
}
