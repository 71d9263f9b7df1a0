import { Command, Option } from 'commander';
import { solvers, type SolverName } from '../../policies/model/solvers';
import { forecasters } from '../../study/forecast/forecasters';
import type { RunWords } from '../../study/studyRemedies';
import { worthOf, type Service } from '../../study/worth';
import { openTrace } from '../openTrace';
import { latencyBound, nonNegativeNumber, positiveInteger } from '../options';
import { sampleTraces } from '../project';
import { renderWorth } from '../render/worth';

interface Flags {
  traces: string;
  from?: string;
  to?: string;
  maxLatency: number;
  maxServers: number;
  requestsPerServer: number;
  regions?: string;
  networkJoules?: number;
  forecast: string;
  solver: SolverName;
  json?: true;
}

/** The reference's weight of carbon against servers. */
const alpha = 0.9;

const reachMore = 'raise --max-latency to reach other regions';
const moreRoom = `raise --max-servers, or ${reachMore}`;

const words: RunWords = {
  folder: 'with --traces',
  limits: {
    ...{ latency: 'raise --max-latency', capacity: moreRoom, concentration: moreRoom, headroom: moreRoom },
    ...{ static: 'raise --max-servers', change: moreRoom },
  },
  forecast: {
    short: 'begin later (--from) or bring a longer trace, or take another --forecast',
    holes: 'fill holes, or choose another range (--from, --to)',
    notFinite: 'take another --forecast',
  },
  leastViolation: null,
  learn: 'begin later (--from), or bring a longer trace',
};

export const worthCommand = new Command('worth')
  .description(
    'Say what moving the load of a service would have saved, from a trace of it alone: nothing has to be installed. One paragraph and one table.',
  )
  .option('--traces <dir>', 'folder of the three CSV files', sampleTraces)
  .option(
    '--from <time>',
    "first hour that is compared, ISO 8601 in UTC (default: three weeks into the trace; the trace's first where it is shorter)",
  )
  .option('--to <time>', 'first hour left out (default: the end of the trace)')
  .option('--max-latency <ms>', 'latency bound, or "none"', latencyBound, 500)
  .option('--max-servers <n>', 'servers a region may have', positiveInteger, 100)
  .option('--requests-per-server <n>', 'requests/s that one server carries', positiveInteger, 10)
  .option('--regions <file>', 'CSV of what is particular to a region: docs/planning.md')
  .option('--network-joules <J>', 'energy of the network for one request', nonNegativeNumber)
  .addOption(
    new Option('--forecast <name>', 'what hourly plans are made from')
      .choices(Object.keys(forecasters))
      .default('regression'),
  )
  .addOption(
    new Option('--solver <name>', 'solver of the planner').choices(Object.keys(solvers)).default('glpk'),
  )
  .option('--json', 'print one JSON object')
  .action(async ({ traces, maxServers, networkJoules, maxLatency, regions, json, ...flags }: Flags) => {
    const service: Service = {
      ...flags,
      ...{ alpha, servers: maxServers, maxLatencyMs: maxLatency },
      ...(regions !== undefined && { regionsFile: regions }),
      ...(networkJoules !== undefined && { networkJoulesPerRequest: networkJoules }),
    };
    const worth = await worthOf(openTrace(traces), service, words, ({ policy }, done, of) => {
      process.stderr.write(`[${done}/${of}] ${policy}\n`);
    });
    console.log(json ? JSON.stringify(worth) : renderWorth(worth));
    // A script that asks must not take a missing answer for a yes or a no.
    if (worth.verdict === 'unknown') process.exitCode = 3;
  });
