import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { originsOf } from '../../../stack/requestPath';
import type { CasperCommand } from '../casperCommand';
import { between } from '../draw';
import { MissedMoment, overAtOnce, type Fault, type Scene } from '../fault';
import { descendantsOf, signal, type Process } from '../processTable';
import { traefikFolder } from './requestPath';

/** casper, and what works for it: Pulumi, its plugins, the process that sends the load. */

const noFailures = { until: 'none' } as const;

/** Waits until the change under way has begun to update, and some random moment more of an update's usual time. */
async function updating({ stage, command, random }: Scene, share: number): Promise<void> {
  if (!(await command.until(() => pulumiAtWork(command) !== undefined))) throw new MissedMoment('no update');
  await Promise.race([sleep(between(0, share * stage.usualMs, random)), command.ended]);
  if (pulumiAtWork(command) === undefined) throw new MissedMoment('the update was over before');
}

function pulumiAtWork(command: CasperCommand): Process | undefined {
  return descendantsOf(command.pid).find(({ line }) => /(^|\/)pulumi (up|update)\b/.test(line));
}

/** Waits until an origin's weights have been replaced. */
async function weightsMoved({ stage, command }: Scene): Promise<void> {
  const times = () =>
    originsOf(stage.config)
      .map((origin) => statSync(path.join(traefikFolder(origin), 'dynamic', 'weights.yml')).mtimeMs)
      .join();
  const before = times();
  if (!(await command.until(() => times() !== before))) throw new MissedMoment('no weights were moved');
}

async function pluginAtWork(scene: Scene, name: string): Promise<void> {
  await updating(scene, 0.3);
  if (!(await scene.command.until(() => pluginOf(scene.command, name) !== undefined))) {
    throw new MissedMoment(`no plugin ${name}`);
  }
}

function pluginOf(command: CasperCommand, name: string): Process | undefined {
  return descendantsOf(command.pid).find(({ line }) => line.includes(name));
}

function killed(kind: string, line: string): Fault {
  return {
    ...{ kind, work: 'apply', mayFail: noFailures },
    moment: (scene) => (line === 'pulumi' ? updating(scene, 0.5) : pluginAtWork(scene, line)),
    inject: ({ command }) => {
      const found = line === 'pulumi' ? pulumiAtWork(command) : pluginOf(command, line);
      if (!found) throw new MissedMoment(`${kind}: it was over before`);
      signal(found, 'SIGKILL');
      return Promise.resolve(overAtOnce);
    },
    after: ({ problem }, { exitCode, stderr }) => {
      if (exitCode !== 1) problem(`casper ended with ${String(exitCode)}, expected 1`);
      if (!stderr.includes('casper: ')) problem('casper did not say what had happened');
    },
  };
}

const alone = ({ command }: Scene) => {
  command.signal('SIGKILL');
  return Promise.resolve(overAtOnce);
};
const withAll = ({ command }: Scene) => {
  command.killAll();
  return Promise.resolve(overAtOnce);
};

export const driverFaults: readonly Fault[] = [
  {
    ...{ kind: 'driver killed in apply, at any moment', work: 'apply', mayFail: noFailures },
    inject: alone,
  },
  {
    ...{ kind: 'driver killed while Pulumi updates', work: 'apply', mayFail: noFailures },
    moment: (scene) => updating(scene, 0.5),
    inject: alone,
  },
  {
    ...{ kind: 'driver, Pulumi and plugins killed while they update', work: 'apply', mayFail: noFailures },
    moment: (scene) => updating(scene, 0.5),
    inject: withAll,
  },
  {
    ...{
      kind: 'driver, Pulumi and plugins killed after the first weights',
      work: 'apply',
      mayFail: noFailures,
    },
    moment: weightsMoved,
    inject: withAll,
  },
  {
    ...{ kind: 'driver killed while it verifies', work: 'apply', mayFail: noFailures },
    moment: async ({ command }) => {
      if (!(await command.until(() => command.stderr.includes('pulumi up: done')))) {
        throw new MissedMoment('no update ended');
      }
    },
    inject: alone,
  },
  {
    ...{ kind: 'driver, Pulumi and plugins killed in run, at any moment', work: 'run', mayFail: noFailures },
    inject: withAll,
  },
  killed('Pulumi killed', 'pulumi'),
  killed('Kubernetes plugin killed', 'pulumi-resource-kubernetes'),
  killed('command plugin killed', 'plugins/command/main.js'),
  {
    ...{ kind: 'SIGINT once, in run', work: 'run', mayFail: noFailures },
    moment: (scene) => updating(scene, 0.5),
    inject: ({ command }) => {
      command.signal('SIGINT');
      return Promise.resolve(overAtOnce);
    },
    after: ({ stage, problem, lost }, { exitCode }) => {
      if (exitCode !== 130) problem(`SIGINT: it ended with ${String(exitCode)}, expected 130`);
      const pending = stage.pendingOperations();
      if (pending !== 0) problem(`SIGINT: ${String(pending)} operations are pending`);
      if (stage.locks().length > 0) problem('SIGINT: the lock stays');
      if (!existsSync(path.join(stage.lastRun() ?? '', 'report.html'))) lost('SIGINT: no report was written');
    },
  },
  {
    ...{ kind: 'output closed, in run', work: 'run', mayFail: noFailures },
    inject: ({ command }) => {
      command.closeOutput();
      return Promise.resolve(overAtOnce);
    },
    after: ({ problem }, { exitCode, stderr }) => {
      if (exitCode !== 141)
        problem(`output closed: it ended with ${String(exitCode)}, expected 141: ${stderr.slice(-300)}`);
    },
  },
  {
    ...{ kind: 'load’s process killed, in run --load', work: 'loadedRun', mayFail: noFailures },
    moment: async ({ command }) => {
      if (!(await command.until(() => pluginOf(command, 'loadProcess.js') !== undefined))) {
        throw new MissedMoment('no load was sent');
      }
      await sleep(2000);
    },
    inject: ({ command }) => {
      const load = pluginOf(command, 'loadProcess.js');
      if (!load) throw new MissedMoment('the load was over before');
      signal(load, 'SIGKILL');
      return Promise.resolve(overAtOnce);
    },
    after: ({ problem }, { exitCode, stderr }) => {
      const named = stderr.includes('the process that sends the requests ended');
      if (exitCode !== 1 || !named) problem(`it ended with ${String(exitCode)}: ${stderr.slice(-300)}`);
    },
  },
  {
    ...{ kind: 'second driver at once', work: 'apply', mayFail: noFailures },
    moment: async (scene) => {
      await updating(scene, 0.1);
    },
    inject: async ({ stage, problem }) => {
      const second = await stage.apply(stage.nextInterval()).ended;
      stage.note(second);
      const refused = second.exitCode === 1 && second.stderr.includes('is being changed by `casper apply`');
      if (!refused) problem(`the second driver was not refused: ${second.stderr.slice(-300)}`);
      return overAtOnce;
    },
    after: ({ problem }, { exitCode, stderr }) => {
      if (exitCode !== 0) problem(`the first driver ended with ${String(exitCode)}: ${stderr.slice(-300)}`);
    },
  },
  {
    ...{ kind: 'lock cut to 0 bytes', work: 'apply', mayFail: noFailures },
    moment: (scene) => updating(scene, 0.3),
    inject: async (scene) => {
      const { stage, command, problem } = scene;
      await withAll(scene);
      await command.ended;
      const locks = stage.locks();
      if (locks.length === 0) throw new MissedMoment('there was no lock');
      for (const lock of locks) truncateSync(lock);
      const heal = async (): Promise<void> => {
        const refused = await stage.apply(stage.nextInterval()).ended;
        stage.note(refused);
        const remedy = /is empty or cut.*remove it: (rm (?:'[^']+' ?)+)/.exec(refused.stderr)?.[1];
        const named = locks.every((lock) => remedy?.includes(`'${lock}'`) === true);
        if (!named) problem(`the cut lock is not named with its remedy: ${refused.stderr.slice(-400)}`);
        for (const lock of locks) rmSync(lock, { force: true });
      };
      return { lasts: 0, heal };
    },
  },
];
