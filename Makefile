# Two commands: `make demo` and `make test`. Both set up what they need on first use.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PYPROJECTS := $(wildcard core/pyproject.toml plugins/*/pyproject.toml contrib/*/pyproject.toml)
JOBS   ?= 2
SECONDS ?= 120

# The demonstration's store; git ignores it. A second `make demo` finds everything done in it.
STORE  ?= demo-store

export UV_SYSTEM_CERTS := 1
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types contracts unit faults fuzz bench docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(STAMP): $(PYPROJECTS) requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements-dev.txt
	touch $@

setup: $(STAMP) ## make the virtual environment

demo: $(STAMP) ## run the demonstration benchmark: no network, no key, a few seconds
	@$(BIN)/themis run core/src/themis/catalog/demo/benchmark.toml --store $(STORE)

test: lint types contracts unit ## lint, types, import contracts, all tests and documentation examples

lint: $(STAMP) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## mypy --strict on every distribution's source
	$(BIN)/mypy core/src $(wildcard plugins/*/src contrib/*/src)

contracts: $(STAMP) ## import-linter: the layers
	$(BIN)/lint-imports --no-logo

unit: $(STAMP) ## every test, with coverage
	$(BIN)/pytest -n $(JOBS) --cov --cov-report=term

faults: $(STAMP) ## every fault at every point (half an hour); figures go to build/faults
	THEMIS_FAULTS=full $(BIN)/pytest tests/faults

fuzz: $(STAMP) ## fuzz every parser with atheris for SECONDS (120); findings go to build/fuzz
	@$(BIN)/uv pip install --quiet --python $(BIN)/python "atheris>=2.3" || true
	$(BIN)/python tests/security/fuzz.py --seconds $(SECONDS)

bench: $(STAMP) ## what a run costs on this machine, against the bounds
	$(BIN)/python tests/benchmarks/run.py --output build/benchmarks.json

docs: $(STAMP) ## write the generated parts of the documentation
	$(BIN)/python docs/generate.py

clean: ## remove the virtual environment, the demonstration's store and caches
	rm -rf $(VENV) demo-store .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*
