import { readFileSync, writeFileSync } from 'node:fs';
import { between } from '../draw';
import { overAtOnce, type Fault } from '../fault';
import type { SmallDisk } from '../smallDisk';
import type { Stage } from '../stage';

/** Disks of the records and of the state that are full or read-only, and a person at the stack file. */

const none = { until: 'none' } as const;

function full(
  kind: string,
  work: Fault['work'],
  diskOf: (stage: Stage) => SmallDisk,
  after?: Fault['after'],
): Fault {
  return {
    ...{ kind, work, mayFail: none, ...(after && { after }) },
    inject: ({ stage, random }) => {
      const disk = diskOf(stage);
      disk.fill();
      const heal = () => {
        disk.empty();
        return Promise.resolve();
      };
      return Promise.resolve({ lasts: between(2000, 10_000, random), heal });
    },
  };
}

function readOnly(kind: string, work: Fault['work'], diskOf: (stage: Stage) => SmallDisk): Fault {
  return {
    ...{ kind, work, mayFail: none },
    inject: async ({ stage, random }) => {
      const disk = diskOf(stage);
      await disk.remount('ro');
      return { lasts: between(2000, 10_000, random), heal: () => disk.remount('rw') };
    },
  };
}

export const fileFaults: readonly Fault[] = [
  full('disk of runs/ full', 'run', ({ runs }) => runs),
  readOnly('disk of runs/ read-only', 'run', ({ runs }) => runs),
  full('disk of the state full', 'apply', ({ state }) => state),
  readOnly('disk of the state read-only', 'apply', ({ state }) => state),
  {
    ...{ kind: 'person edits the stack file', work: 'apply', mayFail: none },
    inject: ({ stage, random, lost }) => {
      const mark = `# a person was here ${Math.floor(random() * 1e9)}\n`;
      // As an editor does that does not rename.
      writeFileSync(stage.configFile, mark + readFileSync(stage.configFile, 'utf8'));
      const heal = () => {
        const text = readFileSync(stage.configFile, 'utf8');
        if (!text.includes(mark.trim())) lost('a person’s edit of the stack file');
        writeFileSync(stage.configFile, text.replace(mark, ''));
        return Promise.resolve();
      };
      return Promise.resolve({ ...overAtOnce, lasts: 'untilTheChangeEnds', heal });
    },
  },
];
