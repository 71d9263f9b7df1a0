import type { AppliedInterval, IntervalRecord, RunObserver } from '../../driver/runObserver';
import { resetNotes } from '../../report/pairTable';
import { sharesOf } from '../../report/shares';
import { renderChange } from './changes';
import { renderBusiest, renderShares } from './load';
import {
  planBefore,
  renderMove,
  renderReadyAhead,
  withoutMargin,
  type CarbonOf,
  type PlanBefore,
} from './move';
import { renderVerified } from './verification';

/** Prints a run for people as it goes on. */
export class RunPrinter implements RunObserver {
  /** @param before what was in force before the run */
  constructor(
    private before: PlanBefore,
    private readonly carbonOf: CarbonOf,
    private readonly verbose: boolean,
  ) {}

  onApplied({ plan, stackPlan, values, preview, update, ...verified }: AppliedInterval): void {
    console.log(
      [
        renderMove(plan, this.before, this.carbonOf),
        ...(values ? [] : [withoutMargin]),
        ...renderReadyAhead(plan, stackPlan),
        ...(preview ? ['preview:', renderChange(preview, this.verbose)] : []),
        'applied:',
        renderChange(update, this.verbose && !preview),
        'verified:',
        renderVerified(verified),
      ].join('\n'),
    );
    this.before = planBefore(plan);
  }

  onNote(note: string): void {
    console.error(`note: ${note}`);
  }

  onRecord({ plan, outcome, served, startedAtMs, endedAtMs, inForceAtMs }: IntervalRecord): void {
    if (outcome === 'failed')
      console.log(`${plan.interval} failed; an earlier plan served: ${plan.held ?? ''}`);
    if (served) {
      const afterSeconds = ((inForceAtMs - startedAtMs) / 1000).toFixed(1);
      const lengthSeconds = ((endedAtMs - startedAtMs) / 1000).toFixed(1);
      const lines =
        served.steady.length > 0
          ? [
              'planned against served, while the plan was in force:',
              renderShares(sharesOf(plan, plan.regions, served.steady)),
            ]
          : [
              `the plan came into force ${afterSeconds} s after the interval's beginning, which has ${lengthSeconds} s: nothing to compare`,
            ];
      const notes = resetNotes(served.observed).map((note) => `  note: ${note}`);
      console.log(
        [...lines, ...notes, ...(served.busiest ? [renderBusiest(served.busiest)] : [])].join('\n'),
      );
    }
    console.log('');
  }
}

/** Prints every interval's record as a line of JSON. */
export const jsonPrinter: RunObserver = {
  onNote: (note) => {
    console.error(`note: ${note}`);
  },
  onRecord: (record) => {
    console.log(JSON.stringify(record));
  },
};
