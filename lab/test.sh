#!/usr/bin/env bash
# Runs the lab tests on a lab of their own, and takes it down again, whatever happens.
set -euo pipefail
casper() { node dist/cli/main.js "$@"; }

casper lab status --quiet && was_up=1 || was_up=
finish() { [ -n "$was_up" ] || casper lab down; }
trap finish EXIT

casper lab up
casper lab exec -- npm run --silent test:lab
