import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { messageOf } from '../driver/messageOf';
import { randomSources } from '../load/seededRandom';
import { defaultTraces } from './defaultTraces';
import { drawn } from './faults/draw';
import { flagOf, MissedMoment, type Fault } from './faults/fault';
import { allFaults } from './faults/kinds';
import { isClean, summaryOf, tableOf, type Outcome } from './faults/outcome';
import { Stage } from './faults/stage';
import { trial } from './faults/trial';
import { positiveNumber, wholeNumber } from './flags';

/**
 * Faults at random moments of changes under load, one after the other: does casper lose requests, plans or data? Runs in
 * the lab; the last line is one JSON object, before it a table by kind.
 */

interface Flags {
  traces: string;
  faults: number;
  seed: number;
  minutes?: number;
  kinds?: Fault[];
  maxLatency: number;
  table?: string;
}

/** How often a fault whose change was over before its moment is drawn again. */
const mostMisses = 3;

async function main({
  traces,
  faults,
  seed,
  minutes,
  kinds = [...allFaults],
  maxLatency,
  table,
}: Flags): Promise<void> {
  const begun = performance.now();
  const isOver = (): boolean => minutes !== undefined && performance.now() - begun > minutes * 60_000;
  const sourceOf = randomSources(seed);
  const order = drawn(kinds, faults, sourceOf());
  const stage = await Stage.set(traces, maxLatency);
  const outcomes: Outcome[] = [];
  for (const fault of order) {
    if (isOver()) break;
    console.error(`fault: ${fault.kind}`);
    const outcome = await played(stage, fault, sourceOf()).catch((error: unknown) => {
      // What was found until then is told all the same.
      console.error(`${fault.kind}:`, error);
      return null;
    });
    if (!outcome) {
      process.exitCode = 1;
      break;
    }
    outcomes.push(outcome);
    console.log(JSON.stringify(outcome));
    // Of a stack that cannot be changed any more nothing else is learnt.
    if (!outcome.reached) break;
  }
  const rows = tableOf(outcomes);
  if (table !== undefined) writeFileSync(table, rows);
  console.log(rows);
  const summary = summaryOf(outcomes);
  console.log(JSON.stringify({ ...summary, seed }));
  if (!isClean(summary)) process.exitCode = 1;
}

async function played(stage: Stage, fault: Fault, random: () => number): Promise<Outcome> {
  for (let misses = 1; ; misses++) {
    try {
      return await trial(stage, fault, random);
    } catch (error) {
      if (!(error instanceof MissedMoment) || misses === mostMisses) throw error;
      console.log(`note: ${fault.kind}: drawn again: ${messageOf(error)}`);
      const { reached, said } = await stage.reach(stage.nextInterval());
      if (!reached) throw new Error(`${fault.kind}: after a change that nothing disturbed: ${said}`);
    }
  }
}

function kindsNamed(text: string): Fault[] {
  return text.split(',').map((flag) => {
    const fault = allFaults.find((candidate) => flagOf(candidate) === flag);
    if (fault) return fault;
    throw new InvalidArgumentError(`No kind ${flag}. Kinds: ${allFaults.map(flagOf).join(', ')}`);
  });
}

new Command('bench:faults')
  .description('Faults at random moments of changes under load: lost requests, plans, data')
  .option('--traces <dir>', 'folder of the three CSV files', defaultTraces())
  .option('--faults <n>', 'how many, every kind as often as the others', wholeNumber, 200)
  .option('--seed <n>', 'of kinds and moments', wholeNumber, 1)
  .option('--minutes <n>', 'begin no fault after that', positiveNumber)
  .option('--kinds <names>', 'of these alone, parted by commas', kindsNamed)
  .option('--max-latency <ms>', 'latency bound', positiveNumber, 150)
  .option('--table <file>', 'write the table there too')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
