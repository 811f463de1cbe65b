# Two commands do everything: `make demo` and `make test`. Both set themselves up in .venv.
PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check format docs kibana test-oldest faults elasticsearch benchmark clean

help:
	@echo 'make demo           serve a model, break it, and watch one for a year (STORE=URL: the first on a cluster)'
	@echo 'make test           all checks and tests'
	@echo 'make check          style, types and architecture only'
	@echo 'make format         format the code'
	@echo 'make docs           write the generated pages of docs/'
	@echo 'make kibana         compile the dashboards'
	@echo 'make test-oldest    the tests with the oldest versions that pyproject.toml allows'
	@echo 'make faults         the long form of the failure matrix: half an hour'
	@echo 'make elasticsearch  a real Elasticsearch on port 9200, from packages'
	@echo 'make benchmark      the benchmarks, printed'
	@echo 'make clean          remove what these commands made'

demo: $(VENV)/.demo
	@$(BIN)/python -m examples.flight_delay.demo $(if $(STORE),--store '$(STORE)') $(if $(TO),--to '$(TO)')
ifndef STORE
	@echo
	@$(BIN)/python -m examples.flight_delay.year
endif

test: check
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

kibana: $(VENV)/.dev
	$(BIN)/python -m kibana.build

test-oldest: $(OLDEST)/.dev
	$(OLDEST)/bin/python -m pytest

faults: $(VENV)/.dev
	ELKHOUND_FAULTS=long ELKHOUND_FAULTS_REPORT=benchmarks/results/faults.md \
		$(BIN)/python -m pytest tests/faults --timeout 1800

elasticsearch: $(VENV)/.dev
	$(BIN)/python tests/elasticsearch_node.py

benchmark: $(VENV)/.dev
	$(BIN)/python -m benchmarks.log_call
	$(BIN)/python -m benchmarks.delivery
	$(BIN)/python -m benchmarks.stores
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.grouping
	$(BIN)/python -m benchmarks.grouping_scale 1000000
	$(BIN)/python -m benchmarks.exceptions
	$(BIN)/python -m benchmarks.root_cause
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.performance
	$(BIN)/python -m benchmarks.false_alarms

clean:
	rm -rf $(VENV) $(OLDEST) demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Elkhound needs Python 3.11 or newer: make PYTHON=python3.11 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing the demo into $(VENV) (once, about a minute) ...'
	@$(BIN)/python -m pip install --quiet -e '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo 'Installing the development tools into $(VENV) (once, about a minute) ...'
	@$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@ $(VENV)/.demo

$(OLDEST)/.dev: pyproject.toml tests/oldest_constraints.py
	$(PYTHON) -m venv $(OLDEST)
	$(PYTHON) tests/oldest_constraints.py > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --quiet -e '.[dev]' -c $(OLDEST)/constraints.txt
	@touch $@
