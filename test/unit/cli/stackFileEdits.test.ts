import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { digestOf } from '../../../cli/resumableRun';
import { StackFileEdits } from '../../../cli/stackFileEdits';
import { readStackSettings, setStackValue } from '../../../stack/stackFile';

const folder = mkdtempSync(path.join(tmpdir(), 'casper-edits-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const [original, copy] = ['original', 'copy'].map((name) => path.join(folder, `${name}.yaml`)) as [
  string,
  string,
];

/** A run's view of a stack file that is as it was. */
function begun(): { readonly edits: StackFileEdits; readonly notes: string[] } {
  copyFileSync(path.join(__dirname, '../../../Pulumi.dev.yaml'), original);
  copyFileSync(original, copy);
  const notes: string[] = [];
  const planBefore = digestOf(readStackSettings(original).plan);
  return { edits: new StackFileEdits(original, copy, planBefore, (note) => notes.push(note)), notes };
}

const edit = (from: RegExp, to: string): void => {
  writeFileSync(original, readFileSync(original, 'utf8').replace(from, to));
};

test('a file as it was, another plan in the copy, and comments are nothing to tell', () => {
  const { edits, notes } = begun();
  setStackValue(copy, { keys: ['casper:plan', 'policy'], value: 'latency' });
  edit(/^/, '# a remark\n');
  edits.onApplied();
  expect(notes).toEqual([]);
});

test('changed keys are told by name, once, and that they are as before', () => {
  const { edits, notes } = begun();
  setStackValue(original, { keys: ['casper:service', 'drainSeconds'], value: 3 });
  setStackValue(original, { keys: ['casper:resilience'], value: { heldReady: 'none' } });
  edits.onApplied();
  edits.onApplied();
  copyFileSync(copy, original);
  edits.onEnd();
  expect(notes).toEqual([
    'original.yaml was edited since the run began, which does not take that: casper:service.drainSeconds, casper:resilience. The next run or apply of that file does',
    'original.yaml is again as it was when the run began',
  ]);
});

test('a plan that somebody writes is told', () => {
  const { edits, notes } = begun();
  setStackValue(original, { keys: ['casper:plan', 'policy'], value: 'latency' });
  edits.onApplied();
  expect(notes[0]).toContain('does not take that: casper:plan. The next');
});

test('a file that is being edited, or is gone, is told and no end of the run', () => {
  const { edits, notes } = begun();
  writeFileSync(original, 'config: [');
  edits.onApplied();
  rmSync(original);
  edits.onApplied();
  expect(notes).toEqual([expect.stringContaining('is not YAML'), expect.stringContaining('does not exist')]);
});
