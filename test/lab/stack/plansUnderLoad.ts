import { createRequire } from 'node:module';
import path from 'node:path';
import type { StackOptions } from '../../../driver/engine/stack';
import type * as loadSender from '../../../driver/loadSender';
import type * as reconcile from '../../../driver/reconcile';
import type * as requestPath from '../../../driver/requestPath';
import type * as requestWatcher from '../../../driver/requestWatcher';
import type * as runner from '../../../driver/runIntervals';
import type { IntervalRecord } from '../../../driver/runObserver';
import type * as targets from '../../../driver/target';
import { failedAtClient } from '../../../load/requestLog';
import type { IntervalPlan } from '../../../planning/intervalPlan';
import { readStackFile } from '../../../stack/stackFile';
import { checkout } from './casperCommand';

/** Every origin's requests go to one region, whose servers carry them with a tenth to spare. */
export function allTo(
  regions: readonly string[],
  home: string,
  interval: string,
  requestsPerSecond = 30,
  servers = Math.ceil((regions.length * requestsPerSecond) / 9),
): IntervalPlan {
  const only = <T>(value: T, rest: T): Record<string, T> =>
    Object.fromEntries(regions.map((region) => [region, region === home ? value : rest]));
  return {
    interval,
    policy: 'by hand',
    regions,
    servers: only(servers, 0),
    cpuMillicores: only(10 * servers + 1, 0),
    requests: Object.fromEntries(regions.map((origin) => [origin, { [home]: requestsPerSecond }])),
    weights: Object.fromEntries(regions.map((origin) => [origin, { [home]: 1 }])),
    ...{
      maxLatencyMs: null,
      synthetic: true,
      ...{ heldReady: 'none', standbyMillicores: {}, backup: {} },
      objective: 0,
      carbonSum: 0,
      accounting: 'not counted',
      meanLatencyMs: null,
    },
    solver: { name: 'none', status: 'by hand' },
  };
}

interface UnderLoad {
  readonly intervals: readonly IntervalRecord[];
  /** Busiest moment of each interval, as a share of what the ready servers carry; NaN where it is unknown. */
  readonly loads: readonly number[];
  /** Requests without an answer below status 400. */
  readonly failed: number;
}

// As it is built: the load runs in a process of its own, from a file.
const built = createRequire(path.join(checkout, 'dist', 'index.js'));

/**
 * Runs plans under their own load, or that of other ones. An interval has time for several updates of this machine.
 */
export async function runUnderLoad(
  options: StackOptions,
  plans: readonly IntervalPlan[],
  preScaled: boolean,
  sent = plans,
): Promise<UnderLoad> {
  const { openTarget } = built('./driver/target.js') as typeof targets;
  const { reconcilerOf } = built('./driver/reconcile.js') as typeof reconcile;
  const { runIntervals } = built('./driver/runIntervals.js') as typeof runner;
  const { LoadSender } = built('./driver/loadSender.js') as typeof loadSender;
  const { RequestWatcher } = built('./driver/requestWatcher.js') as typeof requestWatcher;
  const { requestPathOf } = built('./driver/requestPath.js') as typeof requestPath;

  const step = <T>(_: string, work: () => Promise<T>): Promise<T> => work();
  const target = await openTarget(options);
  const reconciler = reconcilerOf(target, step);
  const begun = performance.now();
  await reconciler.apply();
  const secondsPerInterval = Math.max(12, Math.ceil((4 * (performance.now() - begun)) / 1000));

  const config = readStackFile(options.configFile);
  const { entryPoints } = requestPathOf(config);
  const sender = new LoadSender({ entryPoints, plans: sent, secondsPerInterval, seed: 1, loadShare: 1 });
  const watcher = new RequestWatcher(target.clusters, config, 1);
  const intervals: IntervalRecord[] = [];
  await runIntervals(
    plans,
    reconciler,
    [sender, watcher, { onRecord: (record) => intervals.push(record) }],
    { secondsPerInterval, previewed: false, preScaled },
    step,
  );
  return {
    intervals,
    loads: intervals.map(({ served }) => served?.busiest?.load ?? NaN),
    failed: failedAtClient(sender.log.summary()),
  };
}
