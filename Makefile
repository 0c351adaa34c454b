# `make demo` and `make test` are all that a newcomer types: each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINISTACK := batch_classifier_tests/emulators/ministack.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# $(call install,extras,hashes): the project and what it needs. With HASHED=1, as GitHub's workflows have it, each file that is
# downloaded must have one of the hashes in hashes/, and nothing is downloaded that has none.
ifdef HASHED
install = $(PIP) --require-hashes -r hashes/$(2).txt && $(PIP) --no-deps --no-build-isolation -e .
ministack = --require-hashes -r hashes/ministack.txt
else
install = $(PIP) -c constraints.txt -e '.[$(1)]'
ministack = -r $(MINISTACK)
endif
# One more than there are cores: tests wait for processes and files now and then.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
RUN := ui,aws,dashboard
DEVELOP := $(RUN),dev

.DEFAULT_GOAL := help
.PHONY: help demo ui dashboard test test-long faults check bench load deploy-aws destroy-aws aws-emulator hashes audit clean fuzz

help: ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

# One set-up for running, one more for developing; each is made again only when what it depends on has changed.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON to it, as in: make demo PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "Setting up $(VENV) (once, about a minute)"; $(PYTHON) -m venv $(VENV); }
	@$(call install,$(RUN),run)
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready $(MINISTACK)
	@echo "Setting up the tools for tests"
	@$(call install,$(DEVELOP),develop)
	@rm -rf $(VENV)/ministack
	@$(PIP) --no-deps --target $(VENV)/ministack $(ministack)
	@touch $@

demo: $(VENV)/.ready ## make a sample file, classify it, show the result
	@$(BIN)/batch-classifier demo

ui: $(VENV)/.ready ## the Dagster UI at http://localhost:3000, with sensors and schedules running
	@$(BIN)/batch-classifier ui

dashboard: $(VENV)/.ready ## pages for those who have the texts, at http://localhost:8501
	@$(BIN)/batch-classifier dashboard

test: $(VENV)/.ready-dev ## all tests
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

fuzz: $(VENV)/.ready-dev ## damaged files, prompts and answers without end, for 10 minutes; ARGS='--seconds 3600 requests' for longer
	@$(BIN)/python -m batch_classifier_tests.fuzz.run $(ARGS)

test-long: $(VENV)/.ready-dev ## the tests that `make test` leaves out for time
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m 'long and not faults'

faults: $(VENV)/.ready-dev ## each stage times each fault, about half an hour on two cores; writes docs/faults.md. ARGS='-k "aws and submit"' runs some
	@$(BIN)/python -m batch_classifier_tests.faults.run $(ARGS)

check: $(VENV)/.ready-dev ## format, lint, types, and which folder may import which
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: $(VENV)/.ready-dev ## measure speed and memory, write benchmarks/results.md; ARGS=--small leaves out the largest size
	@$(BIN)/python -m benchmarks.run $(ARGS)

load: $(VENV)/.ready-dev ## many files dropped at once on a real Dagster; ARGS="small", "large" or "quota", with --files and --rows
	@$(BIN)/python -m benchmarks.load $(ARGS)

deploy-aws: $(VENV)/.ready ## create or update the AWS account's stack, print the settings for .env
	@$(BIN)/batch-classifier deploy $(ARGS)

destroy-aws: $(VENV)/.ready ## remove the stack again; the buckets stay unless ARGS=--delete-data
	@$(BIN)/batch-classifier destroy $(ARGS)

aws-emulator: $(VENV)/.ready-dev ## S3, Bedrock and Athena on this machine, to try the aws deployment without an account
	@$(BIN)/python -m batch_classifier_tests.emulators.serve --port $${EMULATOR_PORT:-5555} --prompts prompts

# The hashes of all files of a release, for any system, and no word of where they were found. Pip itself is whatever is there.
LOCK := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-package pip --no-annotate --no-header
hashes: $(VENV)/.ready-dev ## write hashes/ anew, after a change of constraints.txt
	@mkdir -p hashes
	@echo 'setuptools>=77' | $(LOCK) -c constraints.txt --extra ui --extra aws --extra dashboard pyproject.toml - -o hashes/run.txt
	@$(LOCK) -c constraints.txt --extra ui --extra aws --extra dashboard --extra dev pyproject.toml -o hashes/develop.txt
	@$(LOCK) --no-deps $(MINISTACK) -o hashes/ministack.txt

audit: $(VENV)/.ready-dev ## look for known weaknesses in what is installed to run and to develop
	@$(BIN)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes -r hashes/develop.txt

clean: ## remove the virtual environment and caches; data/ stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
