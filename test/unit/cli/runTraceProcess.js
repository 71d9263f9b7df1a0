// `casper run` as it is built, on a cluster that is none: killed and gone on with by runTrace.test.ts.
const path = require('node:path');
const { appendFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

const [dist, folder, resumed, others = '{}'] = process.argv.slice(2);
const { runTrace } = require(path.join(dist, 'cli/runTrace.js'));
const { openResumable } = require(path.join(dist, 'cli/resumableRun.js'));
const { readStackFile } = require(path.join(dist, 'stack/stackFile.js'));

const changeMs = 20;
/** The change that does not end, from 1: whoever waits for its line may end the run in the midst of it. */
const hangingChange = Number(process.env.HANGING_CHANGE);
let changes = 0;
const nothing = { changes: [], seconds: 0, notes: [] };

function open({ configFile }) {
  return Promise.resolve({
    clusters: [],
    asTheyAre: () => Promise.resolve([]),
    reconciler: {
      configFile,
      preview: async () => {
        await sleep(changeMs / 4);
        return nothing;
      },
      apply: async () => {
        changes += 1;
        if (changes === hangingChange) {
          console.log('hangs');
          await sleep(2 ** 31 - 1);
        }
        await sleep(changeMs);
        appendFileSync(path.join(folder, 'live'), `${JSON.stringify(readStackFile(configFile).plan)}\n`);
        return { update: nothing, verification: [], rows: [], silent: [], prometheusFault: null };
      },
    },
  });
}

const found = resumed ? openResumable(resumed) : undefined;
const flags = found?.flags ?? {
  ...{
    stack: 'test',
    configFile: path.join(folder, 'Pulumi.test.yaml'),
    intervals: 8,
    secondsPerInterval: 0,
  },
  ...{ traces: path.join(dist, '../traces/sample'), mostFailures: 3, seed: 1 },
  ...{ policy: 'carbon', maxLatency: Infinity, alpha: 0.9, solver: 'glpk', horizon: 24 },
  ...{ switchingGrams: 0, movingGrams: 0, minResidence: 1 },
  ...JSON.parse(others),
};
console.log('up');
runTrace({ ...flags, runs: path.join(folder, 'runs') }, found, open).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
