import { renderFit } from '../../cli/render/load';
import { fitToMachine } from '../../driver/fitToMachine';
import type { Reconciler } from '../../driver/reconcile';
import { stackPlanOf, type IntervalPlan } from '../../planning/intervalPlan';
import { readStackSettings, setStackValue, writeStackPlan } from '../../stack/stackFile';
import { plainStep } from '../plainStep';

export interface Pace {
  /** Share of the trace's requests that is sent. */
  readonly loadShare: number;
  readonly intervalSeconds: number;
}

const updatesPerInterval = 3;
/** Demand is measured over ten seconds, and a change of it is looked at for some more. */
const shortestIntervalSeconds = 20;

/**
 * Where nobody has chosen them: as much load as this machine carries, and intervals of three updates under it. The first
 * plan is in force afterwards, and with it whatever requests go through.
 */
export async function paceOf(
  { loadShare, intervalSeconds }: Partial<Pace>,
  plans: readonly [IntervalPlan, ...IntervalPlan[]],
  reconciler: Reconciler,
): Promise<Pace> {
  if (loadShare !== undefined && intervalSeconds !== undefined) {
    writeStackPlan(reconciler.configFile, stackPlanOf(plans[0]));
    await reconciler.apply();
    return { loadShare, intervalSeconds };
  }
  const fit = await fitToMachine(plans, reconciler, 1, plainStep);
  console.log(renderFit(fit));
  const seconds = Math.ceil(updatesPerInterval * fit.updateSeconds);
  return {
    loadShare: loadShare ?? fit.loadShare,
    intervalSeconds: intervalSeconds ?? Math.max(shortestIntervalSeconds, seconds),
  };
}

const hourSeconds = 3600;
/** By default demand may ask for so many changes an hour, which is one interval. */
const changesAnInterval = 12;

/** Gives a stack a source of carbon intensity, whose zones are named as the regions, and lets it live by short intervals. */
export function liveBy(configFile: string, sourceUrl: string, intervalSeconds: number): void {
  const set = (keys: readonly string[], value: unknown): void => {
    setStackValue(configFile, { keys, value });
  };
  for (const [index, { name }] of readStackSettings(configFile).regions.entries()) {
    set(['casper:regions', String(index), 'signal'], { zone: name });
  }
  set(['casper:signals'], {
    sources: [{ name: 'maps', kind: 'electricityMaps', baseUrl: sourceUrl, attempts: 2, timeoutSeconds: 2 }],
    // Two intervals: a source that is away for longer leaves nothing to stand in.
    lastKnownMinutes: 120,
  });
  set(['casper:demand', 'windowSeconds'], 10);
  set(['casper:live'], {
    intervalSeconds,
    mostChangesAnHour: Math.min(1000, Math.ceil((changesAnInterval * hourSeconds) / intervalSeconds)),
  });
}
