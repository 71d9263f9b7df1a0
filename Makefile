# Every target sets up what it needs; on Debian 12 as root, with Go and Node 20 or later, nothing else is asked for.
SHELL := bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
CASPER := node dist/cli/main.js

# Folder of the four CSV files that the demo plans from.
TRACES ?= traces/sample
# Start of the demo's first interval, ISO 8601 in UTC; the trace's first interval when empty. In the sample's first
# evening the cleanest region changes.
FROM ?= $(if $(filter traces/sample,$(TRACES)),2026-01-05T16:00:00Z)
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

test: check
	$(CASPER) lab build
	# The hosts' tests need nothing of the lab and mostly wait for one process after the other: they run beside the others.
	# Those of the lab run two at a time, each in a Kubernetes namespace of its own; the request path's, under load, have
	# the lab to themselves.
	npm run --silent test:hosts & hosts=$$!; \
	npm run --silent test:unit && \
	npm run --silent test:lifecycle && \
	bash lab/with.sh bash -c 'npm run --silent test:lab && npm run --silent test:request-path' && \
	CLUSTERS=3 bash lab/with.sh npm run --silent test:clusters; lab=$$?; \
	wait $$hosts && exit $$lab

clean:
	-[ ! -e dist/cli/main.js ] || $(CASPER) lab down
	rm -rf dist node_modules runs
