#!/usr/bin/env bash
# Prints docs/savings.md from the studies of the project: bench/savings.sh > docs/savings.md
# The data are where the studies say, or in the folders that CASPER_WIKI_TRACES and CASPER_BENCHMARKS name.
set -euo pipefail
cd "$(dirname "$0")/.."
npm run --silent build

study() {
  printf '\n## studies/%s\n```\n' "$1"
  node dist/cli/main.js study "studies/$1" ${2:+--data "$2"}
  printf '```\n'
}

cat <<'TEXT'
# Savings

Made by `bench/savings.sh` from the studies of the project; do not edit. `studies/README.md` says what each key does and how confidence intervals are made.

## From data to claim
1. Fetch the data, which are not part of the project: `CAP/dataset/wiki` of github.com/carbonfirst/casper and `shared_data` of github.com/umassos/decarbonization-potential (both Apache-2.0). Name their folders in `CASPER_WIKI_TRACES` and `CASPER_BENCHMARKS` (a folder that holds the second as `eurosys24`). `npm run generate:windAndSun` makes the synthetic trace.
2. `casper study studies/casper.yaml --data "$CASPER_WIKI_TRACES"` makes the first tables below, and `runs/studies/casper/` with CSV, JSON and a page with charts; the other studies likewise. `bench/savings.sh > docs/savings.md` makes all of this page again: the tables to the digit, the text is in that script. All of it takes some ten minutes of processor time.
3. `npm run bench:study` repeats what others have published, and ends with one line of JSON: EuroSys'24's 21 values by its own method (`eurosysWorstDifference`, g/kWh), its optimum at 50 % idle and 100 ms, the paper's sums over 2022-08-13 (`paperWorstRelative`), forecasts' errors and intervals, a year of hourly planning for 100 regions. Of 2026-11-29: 1.7e-13; 225.602; 2.2e-16; 90.9 % inside of 90 % intervals; scaled errors at most 0.997; 709 s of processor time for the year (some 6 min on two free cores), 645 MB.
4. Each claim below names its study and experiment; the table of that name has the figures, and the unit tests (`npm run test:unit -- --testPathPatterns unit/study`) check the sums, the published values, the coverage of confidence intervals on traces whose truth is known, and that no forecast sees the hour that it is of.

Where a study does not say otherwise, every number is operational carbon by average intensity (gCO2e/kWh of the data's source): energy in proportion to requests, no idle power, PUE 1, nothing embodied, as the reference counts. Each table says how it was counted. A saving is stated against several baselines: one against `latency` alone shows how different the grids are, not what planning adds.

## Claims
- **A decision that stays is enough where capacity does not bind** (casper.yaml, Seven weeks, 1000 servers). `static`, the best single placement, known in advance, comes within half a point of planning every hour: France is nearly always the cleanest grid in reach. Nobody can have `static`; `static-learnt` is what the two weeks before would have taught.
- **Where capacity binds, planning every hour saves more than any single placement** (Seven weeks, 100 servers): the cleanest region is full at the peak, and a placement that never changes leaves out in every hour what does not fit at the peak.
- **From what can be known** (From what was known, 100 servers): hourly plans from forecasts (`log-linear`) emit 32.8, 32.6, 22.4 and 10.3 % less than `static-learnt` (500, 150, 100, 50 ms). They lose 1.8, 1.1, 0.9 and 0.5 points of saving to perfect knowledge, with 0.25 to 0.37 % of region-hours overloaded.
- **With 30 servers a region**, whose mean hour fills 3.65 of six regions (From what was known, where capacity binds), the aim of 5 points and 1 % is not met at every bound: `log-linear` loses 3.8, 5.3, 1.7 and -0.5 points with 1.44, 1.15, 1.07 and 0.99 % overloaded, `regression` 4.6, 6.6, 2.0 and 0.0 points with 0.78, 0.82, 0.95 and 0.91 %. `docs/planning.md` says what limits it, how it was chosen, and how often these hours were looked at.
- **A margin is what keeps plans from overloading regions** (Without a margin): without, 12 to 21 % of region-hours are overloaded.
- **Errors of the carbon forecast** cost little where six regions are planned every hour (Errors of the carbon forecast): a factor drawn between 0.5 and 1.5 for each hour and region loses 1.5 points of saving at 500 ms and 0.6 at 100 ms, one between 0.75 and 1.25 loses 0.2. They add to what demand forecasts and their margin lose, and overload nothing more. Where every server started or stopped costs half a gram (looking ahead), the largest errors lose 4.6 and 1.8 points where each hour is planned alone, and 0.3 with a look 24 hours ahead: changes that an error suggests do not pay. An hour's error is the same there however far ahead it is seen.
- **On a synthetic trace with wind and sun** that no parameter was chosen on (synthetic.yaml), plans from forecasts lose at most 0.8 points to perfect knowledge, with at most 0.82 % of region-hours overloaded, with 100 and with 30 servers a region and at all four bounds. Its workload is easier to foresee than a real one.
- **Where it pays to plan every hour** (where.yaml; from forecasts, against the learnt placement): hardly where the mean hour fills a quarter of a region (-0.2 to 1.7 % less); where it fills one or two regions, 15 to 33 % less, and more the further the grids and the hours lie apart. Where it fills 3.65 of six, the weeks before have hours that no placement carries, so none is learnt; with all known in advance, planning every hour saves 12 to 23 % there at 500 ms. The map has the four numbers; `casper worth` works them out for a trace of one's own.
- **At the margin** (accounting.yaml, By average, and at the margin): counted by yearly means of the marginal intensity, the same hourly plans save 39.2, 39.2, 23.9 and 17.5 % against `latency` (500, 150, 100 and 50 ms), where they save 72.7, 66.2, 39.2 and 23.8 % by the average intensity that they were made by. The verdict against `latency` turns in no hour; of the requests moved within 50 ms, 5.9 % go where they emit less by the one and more by the other, all to us-east-1. Yearly means know regions, not hours: hourly marginal values would be another test, and are not in these data.
- **With servers that take half of their power idle** (accounting.yaml), a placement that stays can emit more than serving at the nearest region (24 % more at 100 ms, 41 % at 50 ms): it keeps the servers of its busiest hour everywhere. Hourly plans save nearly as much as before.
- **With 21 J of the network beside 1 J of the server** (accounting.yaml), hourly plans save 38.0, 34.6, 20.5 and 12.5 %: half of that energy counts by the grid of the origin, which no plan changes.
- **EuroSys'24's method is greedy** (eurosys24.yaml). What it published is met to the last digit; with the same data the optimum is up to 7.7 % lower (50 % idle, 100 ms), and 9 % with the two Australian zones that the artefact loses. Its curve of errors (1.3, 10.8 and 43.7 % at 20, 50 and 100 %) is of 123 zones with hourly data that it does not ship; on the yearly means of 32 zones, errors made as it makes them cost 0.0, 1.1 and 65.5 %.
TEXT
study casper.yaml "${CASPER_WIKI_TRACES:-}"
node dist/traces/generateSample.js runs/traces/wind-and-sun 7
study synthetic.yaml
study where.yaml "${CASPER_WIKI_TRACES:-}"
study accounting.yaml "${CASPER_WIKI_TRACES:-}"
study eurosys24.yaml "${CASPER_BENCHMARKS:+$CASPER_BENCHMARKS/eurosys24}"
