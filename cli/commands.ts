import type { Command } from 'commander';
import { hasLabSources } from './project';

/**
 * Every command: a line here, and a file `commands/<name>.ts` that exports `<name>Command`, a commander `Command` of the
 * same name with its description, options and action. The file is loaded only when its command is asked for, so it
 * imports at its top what every call of it needs; what few calls need it loads where that is used, by `await import()`.
 * Nothing here may import more than names.
 */
interface CommandEntry {
  readonly name: string;
  /** What `casper --help` says of it; the command's own help says more. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const everywhere: readonly CommandEntry[] = [
  {
    name: 'plan',
    summary: 'plan one interval: servers, CPU and weights of every region',
    load: async () => (await import('./commands/plan.ts')).planCommand,
  },
  {
    name: 'explain',
    summary: 'say why the plan of one interval is as it is',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  {
    name: 'simulate',
    summary: 'compare policies side by side over a range of a trace',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  {
    name: 'sweep',
    summary: 'trade one part of the objective for another, and mark the Pareto front',
    load: async () => (await import('./commands/sweep.ts')).sweepCommand,
  },
  {
    name: 'backtest',
    summary: 'say how far off forecasts would have been',
    load: async () => (await import('./commands/backtest.ts')).backtestCommand,
  },
  {
    name: 'worth',
    summary: 'say what moving a service would have saved, before anything is installed',
    load: async () => (await import('./commands/worth.ts')).worthCommand,
  },
  {
    name: 'study',
    summary: 'run all that a study file declares: policies, bounds, forecasts, side by side',
    load: async () => (await import('./commands/study.ts')).studyCommand,
  },
  {
    name: 'platform',
    summary: 'install what casper:platform names, as a stack of its own',
    load: async () => (await import('./commands/platform.ts')).platformCommand,
  },
  {
    name: 'preview',
    summary: 'show what `apply` would change',
    load: async () => (await import('./commands/preview.ts')).previewCommand,
  },
  {
    name: 'apply',
    summary: 'make the stack file real, and verify what runs',
    load: async () => (await import('./commands/apply.ts')).applyCommand,
  },
  {
    name: 'run',
    summary: 'plan, preview, apply and verify successive intervals',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'tick',
    summary: 'plan and apply the interval under way from live signals: for cron and CI',
    load: async () => (await import('./commands/tick.ts')).tickCommand,
  },
  {
    name: 'report',
    summary: 'make the tables and the page of a run again, from its records',
    load: async () => (await import('./commands/report.ts')).reportCommand,
  },
  {
    name: 'verify',
    summary: 'say what differs between the stack file and what runs',
    load: async () => (await import('./commands/verify.ts')).verifyCommand,
  },
  {
    name: 'export',
    summary: 'print the plan for other balancers: Gateway API, Traefik, Istio, Route 53, GoBetween',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'load',
    summary: 'send requests at the rates of a trace or of a file',
    load: async () => (await import('./commands/load.ts')).loadCommand,
  },
  {
    name: 'calibrate',
    summary: 'measure what a server of a region carries',
    load: async () => (await import('./commands/calibrate.ts')).calibrateCommand,
  },
  {
    name: 'signals',
    summary: "read the regions' carbon intensity now, from live sources",
    load: async () => (await import('./commands/signals.ts')).signalsCommand,
  },
  {
    name: 'init',
    summary: "write a stack file for a trace's regions",
    load: async () => (await import('./commands/init.ts')).initCommand,
  },
];

const inCheckouts: readonly CommandEntry[] = [
  {
    name: 'lab',
    summary: 'a real cluster on one machine, to try casper on and to test it with',
    load: async () => (await import('./commands/lab.ts')).labCommand,
  },
];

export const commands = hasLabSources ? [...everywhere, ...inCheckouts] : everywhere;
