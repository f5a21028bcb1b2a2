# Every target makes its own set-up: a virtual environment in .venv with medgraft and its development tools.
# The stamp file makes this quick from the second time on; it is renewed when pyproject.toml or constraints.txt change.
PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
STAMP := $(VENV)/.medgraft-setup
BIN := $(VENV)/bin

# One thread per test worker: without this, two workers would fight for the cores. Results do not depend on it.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup test test-quick lint format demo bench clean

help:  ## Show what can be made.
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: $(STAMP)  ## Create .venv and install medgraft with its development tools.

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Expected Python 3.11 or newer, got $$($(PYTHON) --version). Do: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

test: setup  ## Run all tests.
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

test-quick: setup  ## Run the tests that take at most a few seconds each.
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not slow"

lint: setup  ## Check style, formatting and types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup  ## Put the code into the house's format.
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

demo: setup  ## Make a project from synthetic patients, train on it, and write a report.
	$(BIN)/medgraft demo

bench: setup  ## Measure against peers (under 30 minutes); see benchmarks/README.md.
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[bench]'
	env -u OMP_NUM_THREADS $(BIN)/python -m benchmarks

clean:  ## Remove .venv and everything that tools left behind.
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
