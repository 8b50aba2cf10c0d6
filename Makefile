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

# The program of this checkout, from any folder: -P keeps the folder that one stands in out of what is imported.
$(BIN)/crm-audit: $(VENV)/.runtime
	@$(BIN)/python -c 'import pathlib, sysconfig; \
	  pathlib.Path(sysconfig.get_path("purelib"), "crm-audit.pth").write_text("$(CURDIR)\n", "utf-8")'
	@printf '#!/bin/sh\nexec "%s" -P -m pipeline "$$@"\n' "$(CURDIR)/$(BIN)/python" > $@ && chmod +x $@

install: $(BIN)/crm-audit ## make .venv/bin/crm-audit, the program

demo: $(BIN)/crm-audit ## write a demo CRM and audit it: reports under output/
	@$(BIN)/crm-audit demo demo --output output --run $(if $(TODAY),--today $(TODAY))

wheel: $(VENV)/.dev ## dist/: a wheel to install without a clone, and what it was tried with
	@$(BIN)/python -m hatchling build -t wheel -d dist && cp requirements.lock dist/

test: $(VENV)/.dev ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

soak: $(VENV)/.dev ## attacks on starting, surviving and proving
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/soak

lint: $(VENV)/.dev ## ruff, and mypy --strict on pipeline/
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

translations: $(VENV)/.dev ## bring the catalogues of translations up to date and compile them
	@$(BIN)/python -m tests.translations

golden: $(VENV)/.dev ## write the golden files anew, after a wanted change of a report
	@$(BIN)/python -m pytest --update-golden tests/reports/test_render.py tests/reports/test_workbook.py

benchmark: $(VENV)/.dev ## our validation beside stock Great Expectations, on a million meetings
	@$(BIN)/python -m benchmarks.validation

whole: $(VENV)/.dev ## a whole run of a million records and 600 managers, measured by stage
	@$(BIN)/python -m benchmarks.whole

scale: $(VENV)/.dev ## how long a CRM is held: counting beside reading, at two sizes on each database
	@$(BIN)/python -m benchmarks.scale

rules: $(VENV)/.dev ## hundreds of rules: how long a CRM is held for 30 and for 300, and a whole run with 300
	@$(BIN)/python -m benchmarks.rules

long-list: $(VENV)/.dev ## memory and seconds of a list of 100,000 findings in Excel
	@$(BIN)/python -m benchmarks.fix_list

style: $(VENV)/.dev ## how the code reads, in numbers; BEFORE=REVISION puts an earlier state beside it
	@$(BIN)/python -m benchmarks.style $(BEFORE)

lock: ## resolve the dependencies anew
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml --group dev -c requirements.lock -o requirements-dev.lock

.PHONY: help install demo wheel soak test lint translations golden benchmark whole scale rules long-list style lock
