# `make demo` and `make test` need only Python 3.11 to 3.13, make and git. They
# install into VENV, which the first run creates; a second run installs nothing.
# ARGS passes options on: make demo ARGS='--minutes 3'
# WORKERS processes share the files of the test suite. What README, docs, --help
# and notebooks show is run by `make examples`; .ci/run calls both.
VENV ?= .venv
PYTHON ?= python3.13 python3.12 python3.11 python3 python
ARGS ?=
WORKERS ?= 3

in_venv = $(VENV)/bin/
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_USER = 0
unexport PYTHONHOME PYTHONPATH

.PHONY: help demo docs test examples lint types clean

help:
	@echo 'make demo      train, export and try a small ALBERT, in 5 to 8 minutes'
	@echo 'make test      run the test suite, in about half an hour'
	@echo 'make examples  run what README, docs, --help and notebooks show'
	@echo 'make docs      build the documentation into site/'
	@echo 'make lint      check style and formatting'
	@echo 'make types     check types'
	@echo 'make clean     remove the files that tests and checks leave (keeps VENV)'

demo: $(VENV)/.installed-quickstart
	$(in_venv)albert-keras quickstart $(ARGS)

test: $(VENV)/.installed-dev
	$(in_venv)python -m pytest -n $(WORKERS) --dist loadfile \
	    --no-loadscope-reorder -m 'not examples' $(ARGS)

examples: $(VENV)/.installed-dev
	$(in_venv)python -m pytest -n $(WORKERS) --dist load -m examples \
	    tests/cli tests/docs tests/notebooks $(ARGS)

docs: $(VENV)/.installed-docs
	$(in_venv)mkdocs build --strict

lint: $(VENV)/.installed-dev
	$(in_venv)ruff check .
	$(in_venv)ruff format --check .

types: $(VENV)/.installed-dev
	$(in_venv)mypy

clean:
	rm -rf build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find albert_keras tests -name __pycache__ -prune -exec rm -rf {} +

# The stamp comes last, so an interrupted installation is repeated.
$(VENV)/.installed-%: pyproject.toml constraints.txt | $(VENV)/bin/pip
	@$(in_venv)python -c '$(fits)' || { echo $(no_python) >&2; exit 1; }
	$(in_venv)python -m pip install -c constraints.txt -e '.[$*]'
	@touch $@

fits = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
has_pip = import importlib.util as u, sys; \
	sys.exit(not (u.find_spec("ensurepip") or u.find_spec("pip")))
no_python = 'Neither the PATH nor $(VENV) has Python 3.11, 3.12 or 3.13' \
	'with its venv module (python3-venv on Debian);' \
	'pass one as PYTHON=...'

# Debian's Python has no ensurepip without its package python3-venv, and an
# environment that uv made has no pip, so pip comes from whichever way works:
# ensurepip, the environment's own pip, or the pip of another Python.
$(VENV)/bin/pip:
	@if [ ! -x $(in_venv)python ]; then \
	    for python in $(PYTHON); do \
	        $$python -c '$(fits)' 2>/dev/null || continue; \
	        $$python -c '$(has_pip)' || continue; \
	        exec $$python -m venv --without-pip $(VENV); \
	    done; \
	    echo $(no_python) >&2; exit 1; \
	fi
	@$(in_venv)python -m ensurepip --default-pip >/dev/null 2>&1; \
	[ -x $@ ] || for python in $(in_venv)python $(PYTHON); do \
	    $$python -m pip --python $(in_venv)python install -q \
	        --force-reinstall pip 2>/dev/null && [ -x $@ ] && exit; \
	done; \
	[ -x $@ ] || { echo 'Could not install pip into $(VENV).' >&2; exit 1; }
