# The developer's verbs. `make demo` and `make test` each set everything up from nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
HOST ?= 127.0.0.1
PORT ?= 8080

.PHONY: help setup demo serve test check format lock bench clean

help:
	@echo "make demo    set up, then run a server with a filled-in account whose campaigns are really sent"
	@echo "make test    set up, then run the tests"
	@echo "make check   linter, types, import layers"
	@echo "make bench   every figure, as ratios measured side by side"
	@echo "make format  format the code"
	@echo "make lock    resolve the dependencies again into requirements.lock"

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml requirements-setup.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (once, about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-setup.lock
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/twoticks demo --host $(HOST) --port $(PORT)

serve: setup
	$(BIN)/twoticks serve --host $(HOST) --port $(PORT)

test: setup
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup
	$(BIN)/python -m bench

lock: setup
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-data
