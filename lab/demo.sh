#!/usr/bin/env bash
# Four intervals on the lab's cluster, under as much of the trace's load as this machine carries; run by lab/with.sh. TRACES and FROM say what is
# planned from.
set -euo pipefail
casper() { node dist/cli/main.js "$@"; }

mkdir -p runs
rm -f runs/Pulumi.demo.yaml runs/Pulumi.demo-platform.yaml
casper init --lab --traces "$TRACES" --config-file runs/Pulumi.demo.yaml
casper platform --stack demo --config-file runs/Pulumi.demo.yaml
casper run --stack demo --config-file runs/Pulumi.demo.yaml \
  --traces "$TRACES" ${FROM:+--from "$FROM"} --intervals 4 --max-latency 150 \
  --load --fit
