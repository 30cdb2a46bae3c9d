# Every target does all of its own set-up: a fresh machine needs Python, git and make.
#
#   make demo          capilint on a short tour of C and Python files
#   make test          linters, types, import contracts, and the whole test suite
#   make lint          the first three of these
#   make bench         ratios measured in one run: start-up, trees, growth; docs/benchmarks.md
#   make corpus        fetch the real code that capilint is tried on
#   make corpus-score  compare capilint with the verdicts of ../shared/labels
#   make fuzz N=2000 SEED=1
#                      generated programs: the linter against the runtime model
#   make fuzz-inputs N=20000 SEED=1
#                      broken files: no internal error, no place outside of the file
#   make docs          the documentation's site, in build/site
#   make release       check that all names one version, and build what is released into dist/
#   make vscode        the extension in VS Code itself (needs Node 20 and Chromium); pictures of it
#   make nasty         how long nasty texts of 100 KB take, and how much memory
#   make clean         remove everything made, the virtual environment included

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
N ?= 2000
SEED ?= 1

.PHONY: demo test lint bench nasty vscode corpus corpus-score fuzz fuzz-inputs docs release clean
.DELETE_ON_ERROR:

demo: $(VENV)/.runtime
	@$(BIN)/capilint check fixtures/demo || test $$? -eq 1

test: lint $(VENV)/.system
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench.bench
	$(BIN)/python -m tests.bench.page docs/benchmarks.md

nasty: $(VENV)/.dev
	$(BIN)/python -m tests.nasty

vscode: $(VENV)/.dev
	$(BIN)/python -m tests.vscode build/vscode

corpus: $(VENV)/.runtime
	$(BIN)/python -m tests.corpus.fetch

corpus-score: corpus
	$(BIN)/python -m tests.corpus.score

fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz $(N) --seed $(SEED)

fuzz-inputs: $(VENV)/.dev
	$(BIN)/python -m tests.fuzz.inputs $(N) --seed $(SEED)

docs: $(VENV)/.docs
	$(BIN)/python docs/generate/pages.py build/docs
	$(BIN)/python -m sphinx -q -W --keep-going build/docs build/site
	@echo "built build/site/index.html"

release: $(VENV)/.release
	$(BIN)/python -m tests.setup.release

clean:
	rm -rf $(VENV) corpus build dist .capilint_cache .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache fuzz-*.c fuzz-*.cpp fuzz-*.py

# ---------------------------------------------------------------- set-up

$(BIN)/python:
	@sh tests/setup/make-venv "$(PYTHON)" "$(VENV)"

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[docs]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.release: pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --editable '.[release]'
	@touch $@ $(VENV)/.runtime

$(VENV)/.system: tests/setup/install-system-tools | $(BIN)/python
	@sh tests/setup/install-system-tools
	@touch $@
