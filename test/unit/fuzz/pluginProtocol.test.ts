import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import fc from 'fast-check';
import { localCommandSchema, remoteCommandSchema } from '../../../lab/plugins/command/inputs';
import { checkFailures } from '../../../plugin/check';
import { detailedDiff } from '../../../plugin/diff';
import {
  containsSecret,
  containsUnknown,
  equal,
  fromStruct,
  reveal,
  toStruct,
} from '../../../plugin/properties';
import { fuzz, fuzzTimeoutMs, outcomeOf } from './mutations';

jest.setTimeout(fuzzTimeoutMs);

const signature = '4dabf18193072939515e22adb298388d';
const kinds = [
  '1b47061264138c4ac30d75fd1eb44270',
  'c44067f5952c0a294b673a41bacd8c17',
  '0def7320c3a5731c473e5ecbe6d01bc7',
  'of a later engine',
];
const names = [
  'create',
  'stdin',
  'triggers',
  'connection',
  'host',
  'port',
  'logging',
  '__proto__',
  'value',
  signature,
];

/** Whatever an engine could send: values in the shape of inputs, with its own markers in right and wrong places. */
const { struct } = fc.letrec<{ value: JavaScriptValue; struct: Record<string, JavaScriptValue> }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JavaScriptValue>(
      null,
      true,
      0,
      -1,
      22,
      1e308,
      '',
      'true',
      'x\0y',
      '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
    ),
    fc.string(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('struct'),
    fc
      .record({ kind: fc.constantFrom(...kinds), value: tie('value') })
      .map(({ kind, value }) => ({ [signature]: kind, value })),
  ),
  struct: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
}));

test('what the engine sends is read, checked, compared and sent back as it was', async () => {
  await fc.assert(
    fc.asyncProperty(struct, struct, async (sent, before) => {
      const read = await outcomeOf(() => {
        const [properties, old] = [
          fromStruct(Struct.fromJavaScript(sent)),
          fromStruct(Struct.fromJavaScript(before)),
        ];
        for (const schema of [localCommandSchema, remoteCommandSchema]) checkFailures(schema, properties);
        detailedDiff(old, properties, { replaces: () => false });
        return { properties, again: fromStruct(toStruct(properties)) };
      });
      if ('error' in read) throw read.error;
      const { properties, again } = read.value;
      expect(equal(again, properties)).toBe(true);
      expect(containsSecret(reveal(properties))).toBe(false);
      // What is not known yet counts as a change.
      if (containsUnknown(properties)) return;
      expect([...detailedDiff(properties, again, { replaces: () => true }).keys()]).toEqual([]);
    }),
    fuzz,
  );
});
