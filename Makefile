# `make` lists what there is. Everything runs in .venv from the locked requirements; nothing outside this folder is touched,
# except that `make browser` may install Chromium and a Chinese font as system packages when run by root.

PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
SCALE ?= small
# Test processes side by side. Two suit the two cores that the time limit is meant for.
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo smoke stop test test-long browser worlds bench lint types format lock messages schemas clean

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

# Environment

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "The mall needs Python 3.11 or newer, and '$(PYTHON)' is older or missing. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing; install the package python3-venv."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/.runtime: requirements.lock | .venv/.uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime | .venv/.uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# Babel, which Oscar brings along, compiles catalogues without gettext being installed.
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/django.po))
%.mo: %.po .venv/.runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale zh_Hans

setup: .venv/.dev $(CATALOGUES) ## install the locked dependencies into .venv

lock: .venv/.uv ## compile the locks anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		pyproject.toml --group pyproject.toml:dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 \
		benchmarks/oscar/requirements.in -c requirements.lock -o benchmarks/oscar/requirements.lock

# Running

demo: .venv/.runtime $(CATALOGUES) ## run the whole mall with the Shaanxi demo; Ctrl-C stops it, a second run goes on where it was
	@exec $(BIN)/python -m marketplace.processes demo

smoke: .venv/.runtime $(CATALOGUES) ## the main job from end to end in a temporary folder; the exit code says whether it worked
	@exec $(BIN)/python -m marketplace.processes smoke

stop: .venv/.runtime ## stop a demo that runs elsewhere, and the database and broker of demo and tests
	@$(BIN)/python -m marketplace.processes stop
	@$(BIN)/python -m marketplace.processes stop --data .data-test

# Checking

test: browser $(CATALOGUES) ## everything that must hold: lint, types, import directions, tests with a real browser
	@$(MAKE) --no-print-directory --jobs $(JOBS) lint types worlds
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-long: .venv/.dev browser $(CATALOGUES) ## the long runs, which print their seeds
	@$(BIN)/python -m pytest -m long -n 0 -s

# Meanwhile the other core is idle.
worlds: .venv/.dev $(CATALOGUES)
	@$(BIN)/python -m tests.house

lint: .venv/.dev ## style and import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djangofmt --check templates
	@$(BIN)/lint-imports --no-cache

types: .venv/.dev ## types, strictly
	@$(BIN)/mypy

browser: .venv/.dev ## make sure of a Chromium and a Chinese font for the browser tests
	@$(BIN)/python tests/chromium.py

bench: .venv/.dev $(CATALOGUES) ## measure the targets; SCALE=small or full
	@$(BIN)/python -m benchmarks --scale $(SCALE)

# Care

format: .venv/.dev ## put the code into the common format and order
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .
	@$(BIN)/djangofmt --quiet templates

messages: .venv/.dev ## collect the texts for translation (needs gettext)
	@$(BIN)/python manage.py makemessages --locale zh_Hans --no-obsolete --no-location --ignore '.*' --ignore tests --ignore benchmarks

schemas: .venv/.dev ## write docs/schemas from the code
	@$(BIN)/python manage.py write_schemas

clean: ## delete the demo's and the tests' data, and all caches
	@if [ -x $(BIN)/python ]; then \
		$(BIN)/python -m marketplace.processes stop; \
		for data in .data .data-test; do $(BIN)/python -m marketplace.embedded remove --data $$data; done; fi
	@rm -rf .cache .ruff_cache .import_linter_cache .hypothesis .bench-oscar
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.bench-oscar/*' -prune -exec rm -rf {} +
