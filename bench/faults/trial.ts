import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failedAtClient } from '../../load/requestLog';
import type { RandomSource } from '../../load/seededRandom';
import { recordFiles } from '../../report/records';
import type { CasperCommand, Ended } from './casperCommand';
import { between } from './draw';
import { MissedMoment, type Fault, type Scene } from './fault';
import { untilHealthy } from './health';
import type { Outcome } from './outcome';
import type { Stage } from './stage';

/** Requests go on for so long before a fault, so that their failing is its doing. */
const calmMs = 1500;
/** Requests of the same connections, due before the fault, that its first moment cuts. */
const inFlightMs = 10_000;
/** What mends itself, and what waits for the next apply, which comes after the change under way. */
const healthyWithinMs = { byItself: 120_000, byApply: 240_000 };
/** What a driver that was killed has left running ends within this. */
const orphansEndWithinMs = 90_000;

/**
 * One fault: while requests are sent a change is begun, the fault happens at a moment of it, is healed, and after it the
 * next apply must reach the plan.
 * @throws MissedMoment where the change was over before; nothing was injected
 */
export async function trial(stage: Stage, fault: Fault, random: RandomSource): Promise<Outcome> {
  const problems: string[] = [];
  const lost: string[] = [];
  const load = stage.startLoad();
  try {
    await sleep(calmMs);
    const interval = stage.nextInterval();
    const command = stage.begin(fault.work, interval);
    const scene: Scene = {
      ...{ stage, command, random },
      problem: (what) => problems.push(what),
      lost: (what) => lost.push(what),
    };
    const happened = await happens(scene, fault, interval);
    // Before the next apply, unless nothing is mended without it: it shall not be what mends the rest.
    if (!fault.mendedByApply) await happened.healthy;
    const after = await stage.reach(interval);
    const mended = await happened.healthy;
    if (mended.seconds === null) problems.push(`not healthy: ${mended.wrong}`);
    if (!after.reached || !after.equal) problems.push(`the next apply: ${after.said}`);
    const pending = stage.pendingOperations();
    if (pending === null) lost.push('Pulumi’s state cannot be read');
    else if (pending > 0) problems.push(`${pending} operations are pending after the next apply`);
    const log = await load.stop();
    const { due } = log.summary();
    const count = (fromMs: number, toMs: number): number => failedAtClient(log.summary({ fromMs, toMs }));
    const [from, to] = forgiven(fault, happened);
    return {
      kind: fault.kind,
      requests: due,
      failedRequests: failedAtClient(log.summary()),
      failedBeyondDetection: count(-Infinity, from) + count(to, Infinity),
      healthySeconds: mended.seconds,
      ...{ reached: after.reached, equal: after.equal, resumed: happened.resumed },
      ...{ lost, secrets: stage.secrets(), problems },
    };
  } finally {
    await load.stop();
    stage.forgetRuns();
  }
}

/** When it happened, Unix ms. */
interface Happened {
  readonly injectedAtMs: number;
  readonly healedAtMs: number;
  readonly healthy: ReturnType<typeof untilHealthy>;
  /** Whether the change did not end by itself. */
  readonly resumed: boolean;
}

async function happens(scene: Scene, fault: Fault, interval: string): Promise<Happened> {
  const { stage, command, random, problem } = scene;
  try {
    if (fault.moment) await fault.moment(scene);
    else
      await Promise.race([sleep(between(0, stage.usualMsOf(fault.work, interval), random)), command.ended]);
    if (command.over) throw new MissedMoment(`${fault.kind}: the change was over before`);
    command.processes();
    const injectedAtMs = Date.now();
    const { lasts, heal } = await fault.inject(scene);
    try {
      if (lasts === 'untilTheChangeEnds') await command.ended;
      else await sleep(lasts);
    } finally {
      await heal();
    }
    const healedAtMs = Date.now();
    const bound = fault.mendedByApply ? healthyWithinMs.byApply : healthyWithinMs.byItself;
    const healthy = untilHealthy(stage.config, bound);
    const ended = await command.ended;
    stage.note(ended);
    if (command.overdue) problem('the change did not end within its bound and was killed');
    await fault.after?.(scene, ended);
    lookAtRecords(scene, ended);
    const killed = ended.killedBy !== null && !command.overdue;
    if (!(await command.nothingLeft(orphansEndWithinMs))) {
      problem('what the change had started did not end by itself, and was killed');
    }
    return { injectedAtMs, healedAtMs, healthy, resumed: killed || ended.exitCode !== 0 };
  } catch (error) {
    await letEnd(command);
    throw error;
  }
}

async function letEnd(command: CasperCommand): Promise<void> {
  await command.ended;
  await command.nothingLeft(orphansEndWithinMs);
}

/** From when to when requests may fail, Unix ms. */
function forgiven({ mayFail }: Fault, { injectedAtMs, healedAtMs }: Happened): readonly [number, number] {
  if (mayFail.until === 'none') return [0, 0];
  const from = mayFail.until === 'outage' ? Math.max(healedAtMs, injectedAtMs) : injectedAtMs;
  return [injectedAtMs - inFlightMs, from + 1000 * mayFail.seconds];
}

/** Every interval that a run has printed is in its records, and none of them is half a line. */
function lookAtRecords({ stage, command, lost }: Scene, { stdout, stderr }: Ended): void {
  if (command.args[0] !== 'run') return;
  const folder = stage.lastRun();
  if (folder === undefined) return;
  const printed = stdout.split('\n').filter((line) => line.includes('"verification"') && line.endsWith('}'));
  const file = path.join(folder, recordFiles.intervals);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  for (const line of lines) {
    try {
      JSON.parse(line);
    } catch {
      lost(`${file} has half a line`);
    }
  }
  // Where a disk is full or read-only it is told, with the number.
  if (lines.length < printed.length && !stderr.includes('could not be written')) {
    lost(`${file} has ${lines.length} of ${printed.length} intervals`);
  }
}
