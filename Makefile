# Two commands do everything on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TODAY ?=

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.runtime: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
	  || { echo "crm-audit needs Python 3.11 to 3.14; found $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@test -x $(BIN)/python || { echo "Making the environment in $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime ## write a demo CRM and audit it: reports under output/
	@$(BIN)/python -m pipeline demo demo --output output --run $(if $(TODAY),--today $(TODAY))

test: $(VENV)/.dev ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## ruff, and mypy --strict on pipeline/
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

golden: $(VENV)/.dev ## write the golden files anew, after a wanted change of a report
	@$(BIN)/python -m pytest --update-golden tests/test_render.py tests/test_workbook.py

benchmark: $(VENV)/.dev ## our validation beside stock Great Expectations, on a million meetings
	@$(BIN)/python -m benchmarks.validation

lock: ## resolve the dependencies anew
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

.PHONY: help demo test lint golden benchmark lock
