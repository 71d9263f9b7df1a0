import { Command } from 'commander';
import { heldReadyCosts } from '../../planning/heldReadyCosts';
import { planInterval } from '../../planning/planRange';
import { totalsOf, withoutMaxShare } from '../../planning/withoutMaxShare';
import { openTrace } from '../openTrace';
import {
  planOptionsOf,
  withCapacityOptions,
  withHeldReadyOption,
  withPlanOptions,
  withWithoutOption,
  type CapacityFlags,
  type PlanFlags,
} from '../options';
import { sampleTraces } from '../project';
import { renderHeldReadyCosts, renderMaxSharePrice, renderPlan } from '../render/render';

export const planCommand = withWithoutOption(
  withHeldReadyOption(
    withCapacityOptions(
      withPlanOptions(
        new Command('plan')
          .description('Plan one interval: servers, CPU and weights of every region. Changes nothing.')
          .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
          .requiredOption('--at <time>', 'start of the interval, ISO 8601 in UTC'),
      ),
    ),
  ),
)
  .option('--json', 'print one JSON object')
  .action(
    async ({
      traces,
      at,
      json,
      ...flags
    }: PlanFlags & CapacityFlags & { traces: string; at: string; json?: true }) => {
      const trace = openTrace(traces);
      const options = planOptionsOf(flags, trace.regions);
      const start = performance.now();
      const plan = await planInterval(trace, at, options);
      const milliseconds = performance.now() - start;
      const unlimited = await withoutMaxShare(trace, at, options);
      if (json) {
        console.log(JSON.stringify({ ...plan, ...(unlimited && { withoutMaxShare: unlimited }) }));
        return;
      }
      console.log(`${renderPlan(plan)}\n  planned in ${milliseconds.toFixed(1)} ms`);
      if (unlimited) console.log(renderMaxSharePrice(totalsOf(plan), unlimited));
      console.log(renderHeldReadyCosts(await heldReadyCosts(trace, at, options, plan), plan.heldReady));
    },
  );
