#!/usr/bin/env bash
# Runs a command in the lab: brings it up first, and takes it down again unless it was up before or KEEP is set. Standard
# output is the command's own: what is said of the lab goes to standard error. CLUSTERS=3 asks for three clusters.
set -euo pipefail
cd "$(dirname "$0")/.."
casper() { node dist/cli/main.js "$@"; }

casper lab status --quiet && was_up=1 || was_up=
finish() { [ -n "$was_up${KEEP:-}" ] || casper lab down >&2; }
trap finish EXIT

casper lab up ${CLUSTERS:+--clusters "$CLUSTERS"} >&2
casper lab exec -- "$@"
