import type { Applied, Reconciler } from '../driver/reconcile';
import type { IntervalPlan } from '../planning/intervalPlan';
import { readStackSettings, writeStackPlan } from '../stack/stackFile';
import { intervalNow, planTick, type LivePlanning } from './planTick';
import { heldByPeople } from './people';
import { appliedIn, heldIn, type TickRecord } from './tickRecord';

export interface TickOptions {
  /** Regions that are lost. */
  readonly without: readonly string[];
  /** Those of them that the proxies call lost; none when absent. */
  readonly lost?: readonly string[];
  /** Whether an interval that has its plan already is planned once more. */
  readonly again: boolean;
}

/**
 * A tick that ended well or was held; `plan` is null where none was made, `applied` where nothing was. One that is held
 * may have given the plan in force more servers.
 */
export interface Tick {
  readonly record: TickRecord;
  readonly plan: IntervalPlan | null;
  readonly applied: Applied | null;
}

/**
 * One interval: plans it from the signals of now, and makes the plan real. An interval that has its plan is not planned
 * again: its plan is applied, which changes nothing where it is in force, and goes on where a tick before was killed.
 * @param open reaches what is changed, once there is something to change; absent where nothing is to be
 * @throws what `planTick` and `apply` throw; the plan before it stays
 */
export async function tick(
  planning: LivePlanning,
  { without, lost = [], again }: TickOptions,
  open?: () => Promise<Reconciler>,
): Promise<Tick> {
  const { configFile, surroundings } = planning;
  const at = new Date(surroundings.nowMs()).toISOString();
  const { start } = intervalNow(planning);
  const { plan: before, live } = readStackSettings(configFile);
  const base = {
    ...{ at, interval: start, intervalSeconds: live.intervalSeconds, heldBy: null },
    ...{ values: null, guarded: [], plan: null, planSeconds: null, applied: null },
  };
  const hasPlan = before.interval === start;
  const planned = hasPlan && sameRegions(before.without ?? [], without);
  const because = (why: string): string =>
    lost.length > 0 ? `${why}; left out, because lost: ${lost.join(', ')}` : why;
  if (planned && !again) {
    const people = heldByPeople(live, surroundings.nowMs());
    if (people !== null) {
      const record = {
        ...{ ...base, ...heldIn({ by: 'people' }) },
        why: because('the interval has its plan'),
        reasons: [people],
      };
      return { record, plan: null, applied: null };
    }
    const why = because('the interval has its plan; it is applied as it is');
    if (!open) {
      const record = { ...base, why, outcome: 'unchanged', reasons: [], plan: before } as const;
      return { record, plan: null, applied: null };
    }
    const applied = await (await open()).apply();
    const record = { ...base, why, reasons: [], plan: before, ...appliedIn(applied) };
    return { record, plan: null, applied };
  }
  const made = await planTick(planning, { without });
  const why = because(whyPlanned(planned, hasPlan));
  const { values, seconds } = made;
  if (made.kind === 'held') {
    const planSeconds = values && seconds;
    const record = { ...base, why, ...heldIn(made), reasons: made.reasons, values, planSeconds };
    const { followed } = made;
    if (!followed) return { record, plan: null, applied: null };
    const { plan, stackPlan } = followed;
    const grown = { ...record, reasons: [...made.reasons, followed.why], plan: stackPlan };
    if (!open) return { record: grown, plan, applied: null };
    const reconciler = await open();
    writeStackPlan(configFile, stackPlan);
    const applied = await reconciler.apply();
    return { record: { ...grown, applied: appliedIn(applied).applied }, plan, applied };
  }
  const { plan, stackPlan, guarded, moved } = made;
  const seen = {
    ...{ ...base, why, reasons: [], values, guarded, plan: stackPlan, planSeconds: seconds },
    ...(moved && { moved }),
  };
  if (!open) return { record: { ...seen, outcome: 'planned' }, plan, applied: null };
  const reconciler = await open();
  writeStackPlan(configFile, stackPlan);
  const applied = await reconciler.apply();
  return { record: { ...seen, ...appliedIn(applied) }, plan, applied };
}

function whyPlanned(planned: boolean, hasPlan: boolean): string {
  if (planned) return 'planned again, as asked for';
  return hasPlan ? 'planned anew: other regions are left out' : 'the interval has no plan yet';
}

function sameRegions(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join() === [...other].sort().join();
}
