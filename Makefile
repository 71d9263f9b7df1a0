# Every target sets up what it needs; on Debian 12 as root, with Go and Node 20 or later, nothing else is asked for.
SHELL := bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
CASPER := node dist/cli/main.js

# Folder of the four CSV files that the demo plans from.
TRACES ?= traces/sample
# Start of the demo's first interval, ISO 8601 in UTC; the trace's first interval when empty.
FROM ?=
# Keep the lab after the demo: make demo KEEP=1
KEEP ?=

.PHONY: build demo test test-unit check lab clean

build: node_modules/.installed
	@npm run --silent build

node_modules/.installed: package.json package-lock.json .npmrc
	npm ci
	@touch $@

lab: build
	$(CASPER) lab up

demo: build
	TRACES='$(TRACES)' FROM='$(FROM)' KEEP='$(KEEP)' bash lab/with.sh bash lab/demo.sh

check: build
	npm run --silent check

test-unit: build
	npm run --silent test:unit

test: check test-unit
	$(CASPER) lab build
	npm run --silent test:hosts
	npm run --silent test:lifecycle
	bash lab/with.sh npm run --silent test:lab

clean:
	-[ ! -e dist/cli/main.js ] || $(CASPER) lab down
	rm -rf dist node_modules runs
