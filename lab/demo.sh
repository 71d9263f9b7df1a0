#!/usr/bin/env bash
# Brings the lab up, runs three successive intervals on it and takes it down again, unless it was up before or KEEP is set.
set -euo pipefail
casper() { node dist/cli/main.js "$@"; }

casper lab status --quiet && was_up=1 || was_up=
finish() { [ -n "$was_up$KEEP" ] || casper lab down; }
trap finish EXIT

casper lab up
mkdir -p runs
rm -f runs/Pulumi.demo.yaml
casper init --traces "$TRACES" --config-file runs/Pulumi.demo.yaml
casper lab exec -- node dist/cli/main.js run --stack demo --config-file runs/Pulumi.demo.yaml \
  --traces "$TRACES" ${FROM:+--from "$FROM"} --intervals 3 --max-latency 150
