SHELL := /bin/sh
PYTHON := .venv/bin/python
CODE := manage.py kycrisk apps ml bench tests clients
.DEFAULT_GOAL := help
.PHONY: help install demo demo-check test check lint bench bench-service bench-lists \
	bench-bundles faults fuzz fix browser

help: ## list what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile

install: .venv/installed ## make .venv from the locks

.venv/installed: requirements.lock requirements-bootstrap.lock
	@.ci/install

demo: install ## load the demo world and serve it on localhost
	@$(PYTHON) manage.py demo --port 8000

demo-check: install ## the same, asked over HTTP, then stopped
	@$(PYTHON) manage.py demo --check

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; \
	else echo "no chromium here and no right to install it: browser tests are skipped"; fi

SLOWEST := --durations=15 --durations-min=5
test: install browser ## run every test, on two cores
	@$(PYTHON) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder \
		$(SLOWEST)

check: install lint ## everything that must hold before a change is shared
	@$(MAKE) --no-print-directory test

lint: install ## style, types, direction of imports, migrations
	@.venv/bin/ruff check $(CODE)
	@.venv/bin/ruff format --check $(CODE)
	@.venv/bin/mypy manage.py kycrisk apps ml
	@.venv/bin/mypy clients/python/src
	@.venv/bin/lint-imports --no-cache
	@KYCRISK_ENV=test $(PYTHON) manage.py makemigrations --check --dry-run

BENCH ?= $(CURDIR)/.local/bench
LISTS := $(or $(KYCRISK_SHARED_DATA),../shared/data)
bench: bench-service bench-lists bench-bundles ## measure all of it, 40 minutes; writes bench/results

bench-service: install ## measure sign-ups and ingest
	@rm -rf $(BENCH)/sign-ups $(BENCH)/ingest
	@KYCRISK_HOME=$(BENCH)/sign-ups $(PYTHON) bench/assessments.py
	@KYCRISK_HOME=$(BENCH)/ingest $(PYTHON) bench/ingest.py --seconds 180

bench-lists: install ## measure lookups of addresses and names; wants published lists
	@if [ -d "$(LISTS)" ]; then KYCRISK_SHARED_DATA="$(LISTS)" $(PYTHON) bench/addresses.py && \
		KYCRISK_SHARED_DATA="$(LISTS)" $(PYTHON) bench/names.py; \
	else echo "no published lists in $(LISTS) (KYCRISK_SHARED_DATA): lookups not measured"; fi

bench-bundles: install ## measure a bundle of 16 M exchanges, lookups in it, and kills; 20 GB
	@rm -rf $(BENCH)/bundle $(BENCH)/bundle-killed
	@KYCRISK_HOME=$(BENCH)/bundle $(PYTHON) bench/bundles.py $(BENCH)
	@KYCRISK_HOME=$(BENCH)/bundle $(PYTHON) bench/hot_path.py
	@KYCRISK_HOME=$(BENCH)/bundle $(PYTHON) bench/killed.py $(BENCH)

faults: install ## the tests that kill real processes, in full size
	@KYCRISK_FAULTS=full $(PYTHON) -m pytest -m faults

fuzz: install ## 5,000 hostile requests, made from the API's own document
	@KYCRISK_FUZZ_CASES=417 $(PYTHON) -m pytest tests/fuzz

fix: install ## format, and fix what can be fixed
	@.venv/bin/ruff check --fix $(CODE)
	@.venv/bin/ruff format $(CODE)
