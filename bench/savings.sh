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

Made by `bench/savings.sh` from the studies of the project; do not edit. `casper study studies/casper.yaml` makes the same tables, and a page with charts; `studies/README.md` says where the data come from, what each key does, and how confidence intervals are made.

Where a study does not say otherwise, every number is operational carbon by average intensity (gCO2e/kWh of the data's source): energy in proportion to requests, no idle power, PUE 1, nothing embodied, as the reference counts. Each table says how it was counted. A saving is stated against several baselines: one against `latency` alone shows how different the grids are, not what planning adds.

- `static` is the best single placement, known in advance; nobody can have it. `static-learnt` is the one that the two weeks before would have taught. Where capacity does not bind, `static` comes within half a point of planning every hour: France is nearly always the cleanest grid in reach, so one decision is enough.
- Where capacity binds, planning every hour saves more than any single placement: the cleanest region is full at the peak, and a placement that never changes leaves out in every hour what does not fit at the peak.
- Against what can be known, hourly plans from forecasts (`regression`) emit 10 to 30 % less than `static-learnt` with 100 servers a region, and lose 1 to 4 points of saving to perfect knowledge, with 0.3 to 0.7 % of region-hours overloaded. With 30 servers a region and a bound of 500 or 150 ms they lose 8 to 9 points: that is more than the 5 that are aimed at.
- `combined` has the smallest errors of all forecasts from two hours ahead on, and is still the worse one to plan the next hour from: there `regression` knows more on these hours.
- On a synthetic trace with wind and sun that no parameter was chosen on (`studies/synthetic.yaml`), plans from forecasts lose at most 0.8 points to perfect knowledge, with at most 0.82 % of region-hours overloaded, with 100 and with 30 servers a region and at all four bounds. Its workload is easier to foresee than a real one.
- Where it pays to plan every hour: hardly where the mean hour fills a quarter of a region (-0.2 to 1.7 % less than the learnt placement, from forecasts); where it fills one or two regions, 13 to 31 % less, and more the further the grids and the hours lie apart. The map of `studies/where.yaml` has the four numbers; `casper worth` works them out for a trace of one's own. Where it fills 3.65 of six, the weeks before have hours that no placement carries, so none is learnt.
- Counted by yearly means of the marginal intensity, the same hourly plans save 39.2, 39.2, 23.9 and 17.5 % against `latency` (500, 150, 100 and 50 ms), where they save 72.7, 66.2, 39.2 and 23.8 % by the average intensity that they were made by. The verdict against `latency` turns in no hour; of the requests moved within 50 ms, 5.9 % go where they emit less by the one and more by the other, all to us-east-1.
- With servers that take half of their power idle, a placement that stays can emit more than serving at the nearest region (24 % more at 100 ms, 41 % at 50 ms): it keeps the servers of its busiest hour everywhere. Hourly plans save nearly as much as before.
- With 21 J of the network beside 1 J of the server, hourly plans save 38.0, 34.6, 20.5 and 12.5 %: half of that energy counts by the grid of the origin, which no plan changes.
- EuroSys'24's method is greedy. What it published is met to the last digit; with the same data the optimum is up to 7.7 % lower (50 % idle, 100 ms), and 9 % with the two Australian zones that the artefact loses.
TEXT
study casper.yaml "${CASPER_WIKI_TRACES:-}"
node dist/traces/generateSample.js runs/traces/wind-and-sun 7
study synthetic.yaml
study where.yaml "${CASPER_WIKI_TRACES:-}"
study accounting.yaml "${CASPER_WIKI_TRACES:-}"
study eurosys24.yaml "${CASPER_BENCHMARKS:+$CASPER_BENCHMARKS/eurosys24}"
