# Two commands set everything up on a fresh machine: `make demo` and `make test`. Both install into .venv first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SIDE_BY_SIDE := -n auto --dist loadfile --no-loadscope-reorder
WHOLE := tests/end_to_end tests/torture tests/fuzz tests/reference tests/statistics

.PHONY: demo test test-all test-fast test-wheel bench torture site check lint format install locks sbom audit schemas clean

demo: $(VENV)/.installed-demo ## Run the pilot on the bundled example, print the result and where the report is
	$(BIN)/bakeoff run examples/support-desk/bakeoff.yaml

test: $(VENV)/.installed-test lint test-wheel site ## Install and pass the tests that CI runs: all but the long ones
	failed=0; \
	  $(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not long" src tests/unit tests/contracts || failed=1; \
	  $(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not long" $(WHOLE) || failed=1; \
	  exit $$failed

test-all: $(VENV)/.installed-test lint test-wheel site ## The long ones too (tests/long_tests.py): before a release, an hour and a half
	failed=0; \
	  $(BIN)/python -m pytest $(SIDE_BY_SIDE) --junit-xml=test-all.1.xml src tests/unit tests/contracts || failed=1; \
	  $(BIN)/python -m pytest $(SIDE_BY_SIDE) --junit-xml=test-all.2.xml $(WHOLE) || failed=1; \
	  exit $$failed

test-fast: $(VENV)/.installed-test lint ## Unit tests and doctests without real models
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) src tests/unit tests/contracts -m "not models and not slow and not long"

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

# Every file is checked against its hash in locks/.
$(VENV)/.installed-demo: pyproject.toml $(wildcard locks/*) | $(VENV)/bin/python
	sh locks/install.sh $(BIN)/python
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed-demo
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[local,offline,test]'
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[local,offline,test,bench]'
	touch $@

# What looks after packages has an environment of its own.
$(VENV)/.installed-lock: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install -q -c constraints.txt uv cyclonedx-bom pip-audit
	touch $@

locks: $(VENV)/.installed-lock ## Write locks/ anew from pyproject.toml and constraints.txt
	$(VENV)/lock/bin/python locks/write.py

sbom: $(VENV)/.installed-demo $(VENV)/.installed-lock ## What the demo installs, as CycloneDX: sbom.json
	$(VENV)/lock/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o sbom.json $(BIN)/python

audit: $(VENV)/.installed-lock ## Ask whether a locked version is known to be unsafe; needs a network
	$(VENV)/lock/bin/pip-audit --strict --disable-pip --require-hashes \
	  -r locks/requirements.txt -r locks/cuda.txt -r locks/build.txt -r locks/weights.txt

schemas: $(VENV)/.installed-test ## Write docs/schemas/ anew from the records
	$(BIN)/python -m bakeoff.cli.schemas docs/schemas

clean:
	rm -rf $(VENV) site sbom.json .pytest_cache .ruff_cache .mypy_cache .hypothesis
