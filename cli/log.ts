import { Option, type Command } from 'commander';
import { messageOf } from '../driver/messageOf';
import type { Step } from '../driver/step';
import type { TickRecord } from '../live/tickRecord';
import { reportFailure, tellFailure } from './failure';
import { showStep } from './progress';

/** What a command that is left running says of itself, on standard error. */
export interface Log {
  readonly step: Step;
  readonly note: (message: string) => void;
  /** Something that people should see to. */
  readonly fault: (message: string) => void;
  readonly tick: (tick: TickRecord) => void;
  readonly ended: (ticks: Readonly<Record<string, number>>) => void;
  readonly failed: (error: unknown) => void;
}

/** For people, who have ticks on standard output. */
export const textLog: Log = {
  step: showStep,
  note: (message) => {
    console.error(`note: ${message}`);
  },
  fault: (message) => {
    console.error(`casper: ${message}`);
  },
  tick: () => undefined,
  ended: () => undefined,
  failed: tellFailure,
};

type Level = 'info' | 'warn' | 'error';

/** For a collector of logs: one JSON object a line. */
export const jsonLog: Log = {
  step: async (step, work) => {
    const begun = performance.now();
    const seconds = (): number => Number(((performance.now() - begun) / 1000).toFixed(3));
    try {
      const result = await work();
      write('info', 'step', { step, seconds: seconds() });
      return result;
    } catch (error) {
      write('error', 'step', { step, seconds: seconds(), message: messageOf(error) });
      throw error;
    }
  },
  note: (message) => {
    write('warn', 'note', { message });
  },
  fault: (message) => {
    write('error', 'fault', { message });
  },
  tick: ({ interval, why, outcome, heldBy, reasons, guarded, values, planSeconds, applied }) => {
    const level = outcome === 'failed' ? 'error' : outcome === 'held' || guarded.length > 0 ? 'warn' : 'info';
    const faults = values?.faults ?? [];
    write(level, 'tick', { interval, outcome, why, heldBy, reasons, guarded, faults, planSeconds, applied });
  },
  ended: (ticks) => {
    write('info', 'ended', { ticks });
  },
  failed: (error) => {
    const name = error instanceof Error ? error.name : 'Error';
    write('error', 'failed', { name, message: messageOf(error) });
  },
};

function write(level: Level, event: string, fields: object): void {
  console.error(JSON.stringify({ time: new Date().toISOString(), level, event, ...fields }));
}

export interface LogFlags {
  log: 'text' | 'json';
}

export function withLogOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--log <form>',
      'how standard error has what happens: text, or json, a line an event, for which standard output has only what --json asks for',
    )
      .choices(['text', 'json'])
      .default('text'),
  );
}

/** Does a command's work with its log, in which a failure stands too. */
export async function logging({ log }: LogFlags, work: (log: Log) => Promise<void>): Promise<void> {
  const chosen = log === 'json' ? jsonLog : textLog;
  try {
    await work(chosen);
  } catch (error) {
    reportFailure(error, chosen.failed);
  }
}
