import { Option, type Command } from 'commander';
import { stackPlanOf, type IntervalPlan } from '../planning/intervalPlan';
import { openTarget, type Target } from '../driver/target';
import { leftOut } from '../planning/leftOut';
import { carbonByRegion } from '../report/conditions';
import { acceptedFaults, type AcceptedFault, type StackPlan } from '../stack/stackConfig';
import { readStackSettings } from '../stack/stackFile';
import {
  withPlanOptions,
  withStackOptions,
  withWithoutOption,
  type PlanFlags,
  type StackFlags,
} from './options';
import { openPlanning, planForStack, withRegionsAsTheyAre } from './planFromStack';
import { stackOptionsOf } from './project';
import { renderMove, withoutMargin } from './render/move';

/** What `preview` and `apply` are told. */
export interface ChangeFlags extends PlanFlags, StackFlags {
  traces?: string;
  at?: string;
  force?: AcceptedFault[];
  verbose?: boolean;
  json?: true;
}

/** The options of both. */
export function withChangeOptions(command: Command): Command {
  return withWithoutOption(
    withPlanOptions(
      withStackOptions(
        command
          .option('--traces <dir>', 'folder of the three CSV files')
          .option('--at <time>', 'start of the interval, ISO 8601 in UTC'),
      ),
    ),
  )
    .addOption(
      new Option(
        '--force <names...>',
        'carry the plan out with these faults, which its stack file then names (casper:plan.accepts)',
      ).choices(acceptedFaults),
    )
    .option('--verbose', 'list every resource that changes')
    .addOption(new Option('--json', 'print one JSON object'));
}

/** The stack to change, and the plan that it is given; what its file has where no plan was asked for. */
export interface PlannedChange {
  readonly target: Target;
  readonly plan: IntervalPlan | null;
  /** What is to be written into the stack file; null where it stays as it is. */
  readonly stackPlan: StackPlan | null;
  /** What moves and why, for people; nothing where no plan was asked for. */
  readonly move: readonly string[];
}

/**
 * Reaches what is to be changed and plans the interval that the flags name, if they name one; changes nothing. Regions
 * in clusters that do not answer keep what they have, and get no more requests than that carries.
 */
export async function plannedChange(flags: ChangeFlags, command: Command): Promise<PlannedChange> {
  const { traces, at } = flags;
  if ((traces === undefined) !== (at === undefined)) command.error('error: --traces and --at go together');
  const options = stackOptionsOf(flags);
  if (traces === undefined) {
    if (flags.without) command.error('error: --without is for a plan: it goes with --traces and --at');
    const stackPlan = flags.force ? accepting(readStackSettings(options.configFile).plan, flags.force) : null;
    return { target: await openTarget(options), plan: null, stackPlan, move: [] };
  }
  const planning = openPlanning(options.configFile, traces, flags);
  const before = readStackSettings(options.configFile).plan;
  const target = await openTarget(options);
  const asTheyAre = target.silent.flatMap(({ regions }) => regions);
  const [plan] = await planForStack(withRegionsAsTheyAre(planning, asTheyAre, before), at, 1);
  if (!plan) throw new Error('one interval has one plan');
  return {
    target,
    plan,
    stackPlan: accepting(
      leftOut(stackPlanOf(plan), { without: plan.without ?? [], asTheyAre }, before),
      flags.force,
    ),
    move: [
      renderMove(plan, { stackPlan: before, plan: null }, (interval) =>
        carbonByRegion(planning.trace, interval),
      ),
      withoutMargin,
    ],
  };
}

/** A plan that may have more faults, by their names. */
function accepting(plan: StackPlan, names: readonly AcceptedFault[] = []): StackPlan {
  const accepts = [...new Set([...(plan.accepts ?? []), ...names])];
  return accepts.length > 0 ? { ...plan, accepts } : plan;
}
