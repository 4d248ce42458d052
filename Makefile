# The workshop. `make` alone lists what there is.
#
# Every target sets up what it needs, and does so once: the virtual environment .venv, and in it the packages
# that pyproject.toml names, extra by extra. What has been set up is kept as stamps, files whose age
# make compares with pyproject.toml's. What must be asked of the system is in tools/, because it takes more
# than a line to ask it kindly.

PYTHON ?= python3
ARGS   ?=

VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps
PEERS  := $(VENV)/peers

PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check

# Pyright would ask the net for a newer version of itself at each run, and the theme speaks of its successor.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs netlists torch reproduce clean ngspice FORCE

# Two installations into one environment at a time would break it.
.NOTPARALLEL:

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "ARGS='...' hands options to demo, test, bench and docs, and PYTHON=python3.12 chooses the Python that the"
	@echo "virtual environment is made with."

demo: $(STAMPS)/core  ## from a process to a programmed chip, a network on it and its netlists
	@$(BIN)/rescircuit demo $(ARGS)

test: ngspice $(STAMPS)/test  ## the tests, against ngspice too
	@$(BIN)/python -m pytest $(ARGS)

lint: $(STAMPS)/lint $(STAMPS)/docs  ## ruff, pyright, and the links of the documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/mkdocs --quiet build --strict

bench: ngspice $(STAMPS)/bench  ## the benchmarks against other programs
	@PYTHONPATH=$(PEERS) $(BIN)/python -m benchmarks $(ARGS)

bench-%: ngspice $(STAMPS)/bench  # one of them alone: bench-programming, bench-crossbar, bench-calibration, bench-netlists, bench-networks, bench-compensation, bench-pruning
	@PYTHONPATH=$(PEERS) $(BIN)/python -m benchmarks $*

docs: $(STAMPS)/docs  ## the documentation, as web pages in site/
	@$(BIN)/mkdocs --quiet build --strict $(ARGS)
	@echo "The documentation is in site/index.html."

netlists: $(STAMPS)/core  ## the example netlists and their schematics again, in netlists/
	@$(BIN)/python tools/make-netlists

reproduce: $(STAMPS)/core  ## the published experiments again; DATA=folder holds the data sets and networks
	@for name in lenet-weights pensia-experiment-1 pensia-experiment-2 lenet-array pruned-on-chip; do \
	$(BIN)/rescircuit reproduce $$name $(if $(DATA),--data-dir $(DATA)) $(ARGS) || exit; done

torch: $(STAMPS)/torch  ## add PyTorch, large, so that its networks can be read and its tests run

clean:  ## remove whatever the other commands made
	rm -rf $(VENV) demo-output netlists/chip.zarr site build dist .pytest_cache .hypothesis .ruff_cache
	find rescircuit tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

ngspice:
	@tools/need-ngspice

# A virtual environment holds absolute paths: one that was moved or copied, or whose Python is gone, is made
# anew, and its stamps go with it.
ifneq ($(shell test -x $(BIN)/python && cat $(STAMPS)/venv 2>/dev/null),$(CURDIR))
$(STAMPS)/venv: FORCE
endif

$(STAMPS)/venv:
	@tools/make-venv $(VENV) "$(PYTHON)"
	@mkdir -p $(STAMPS)
	@echo "$(CURDIR)" > $@

$(STAMPS)/core: pyproject.toml $(STAMPS)/venv
	@echo "Installing rescircuit into $(VENV), some 900 MB with all it stands on ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

# The benchmark of crossbars is against badcrossbar, which requires pycairo, and with it a C compiler and cairo's
# headers, only to draw. It is installed without what it requires, and out of pip's sight, which would warn of that
# at each later installation.
$(STAMPS)/bench: pyproject.toml $(STAMPS)/core
	@echo "Installing what the benchmarks need into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[bench]'
	@$(PIP_INSTALL) --upgrade --no-deps --target $(PEERS) 'badcrossbar>=1.1'
	@touch $@

# PyTorch, with what it brings for graphics cards, is several times larger than all the rest. The tests that need it
# run where it is installed, or where pip's find-links hold a wheel; elsewhere they are skipped, and say so.
$(STAMPS)/test: pyproject.toml $(STAMPS)/core
	@echo "Installing the extra [test] into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[test]'
	@if $(PIP_INSTALL) --no-index --no-deps torch >/dev/null 2>&1; then $(PIP_INSTALL) --editable '.[torch]'; \
	else echo "The tests that need PyTorch will be skipped; make torch installs it."; fi
	@touch $@

$(STAMPS)/%: pyproject.toml $(STAMPS)/core
	@echo "Installing the extra [$*] into $(VENV) ..."
	@$(PIP_INSTALL) --editable '.[$*]'
	@touch $@
