PYTHON ?= python3
BIN := .venv/bin
LAKE ?= data/lake
GOLD ?= ../shared/gold
EVERY ?= 10
MINUTES ?= 10
COUNT ?= 1000000
FILES ?= 30000
PORT ?= 4200
WHEELS ?= dist
# tests often wait, for commands, servers and browsers
PROCESSES ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 2)))
.DEFAULT_GOAL := help

help:  ## print this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

INSTALL_WITH_UV := uv venv --quiet --clear --python $(PYTHON) .venv \
  && uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements.lock \
  && uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
INSTALL_WITH_PIP := $(PYTHON) -m venv --clear .venv \
  && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --no-compile -r requirements.lock \
  && $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.11.5 or newer is needed, and $(PYTHON) is {sys.version.split()[0]}: make $(or $(MAKECMDGOALS),install) PYTHON=..." if sys.version_info < (3, 11, 5) else 0)'
	@# uv, where there is one, takes 15 s for what takes pip 90 s
	$(if $(shell command -v uv),$(INSTALL_WITH_UV) || { $(INSTALL_WITH_PIP); },$(INSTALL_WITH_PIP))
	@# on all processors, as pip does on one; some packages hold files that are no Python of today, and some are seldom imported
	-@$(BIN)/python -m compileall -qq -j 0 -x '/(tests|_vendor|altair|apprise|babel|chdb|datastore|dateparser|hatchling|lexers|mypy|mypyc|oauthlib|pandas|pip|playwright|setuptools)/' .venv/lib cli flows lake posts schemas
	@touch $@

install: .venv/installed  ## install the locked packages and postlake into .venv

# in a copy, because compiled modules beside the sources would be what the tests import
wheel-compiled: install  ## build a wheel in dist/ whose parser mypyc compiled: an ingest takes a tenth less CPU; needs a C compiler
	rm -rf $(WHEELS)/build && mkdir -p $(WHEELS)/build
	cp -R pyproject.toml README.md cli flows lake posts schemas $(WHEELS)/build
	cd $(WHEELS)/build && HATCH_BUILD_HOOKS_ENABLE=true $(abspath $(BIN))/python -m hatchling build --target wheel --directory ..
	rm -rf $(WHEELS)/build

run: install  ## ingest the example posts with Prefect, and query the lake
	$(BIN)/postlake ingest examples/posts --lake $(LAKE)
	@echo
	$(BIN)/postlake sql "SELECT * FROM sources" --lake $(LAKE)
	@echo
	@echo "postlake is $(BIN)/postlake; after \`. $(BIN)/activate\` in a shell it is postlake there"

serve: install  ## start a Prefect server with its UI, a worker and all deployments on this machine
	$(BIN)/postlake serve --port $(PORT)

# many tests start Python: without files of bytecode each process would compile all modules
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

# with one thread of Polars: its frames are small, and threads of several processes would wait for each other
test: install  ## run the default tests
	POLARS_MAX_THREADS=1 $(PYTEST)

test-all: install  ## run the default and the slow tests, as .ci/run does: whole corpora, live servers and a browser
	POLARS_MAX_THREADS=1 $(PYTEST) -m 'not matrix'
# servers and browsers are processes of their own
test-all: PROCESSES := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))

test-matrix: install  ## run every case and example of every test, before a release: takes an hour
	$(PYTEST) -m '' --hypothesis-profile=matrix

fuzz: install  ## search for inputs that break a property of the tests: MINUTES=10
	$(BIN)/python tests/fuzz/run.py --minutes $(MINUTES)

fuzz-posts: install  ## parse mutated posts: COUNT=1000000, and CORPUS=folder to mutate its posts too
	$(BIN)/python tests/fuzz/mutate.py --count $(COUNT) $(if $(CORPUS),--corpus $(CORPUS))

check: install  ## check format, lint, types, imports, and that the documents make a site
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

bench: install  ## measure speed and memory: CORPUS=folder, compared with a naive script and a floor, and COMPILED=wheel; with EXECUTOR=dask a Dask cluster with local processes; HISTORY=git repository, changes over time
	$(if $(CORPUS),$(BIN)/python tests/bench/$(if $(filter dask,$(EXECUTOR)),cluster,run).py --corpus $(CORPUS) $(if $(COMPILED),--compiled $(COMPILED)))
	$(if $(HISTORY),$(BIN)/python tests/bench/change.py --history $(HISTORY))
	$(if $(CORPUS)$(HISTORY),,$(BIN)/python tests/bench/run.py)

bench-scale: install  ## measure how costs grow with archives made of a corpus: CORPUS=folder FILES="30000 250000", SCRATCH=folder for them
	$(BIN)/python tests/bench/scale.py --corpus $(CORPUS) --files $(FILES) $(if $(SCRATCH),--scratch $(SCRATCH))

bench-prefect: install  ## measure what Prefect adds to the cost of an ingest: CORPUS=folder
	$(BIN)/python tests/bench/served.py --corpus $(CORPUS)

.venv-peers/installed: tests/bench/peers/requirements.txt
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench-peers: install .venv-peers/installed  ## compare with Daft, datatrove and dlt on the same posts: CORPUS=folder
	$(BIN)/python tests/bench/compare.py $(if $(CORPUS),--corpus $(CORPUS))

bench-clean: install  ## compare with other cleaners: GOLD=folder, LAKE=lake for its templates, CORPUS=folder for the cost
	$(BIN)/python tests/bench/clean.py --every $(EVERY) $(if $(filter-out file,$(origin GOLD))$(wildcard $(GOLD)/.),--gold $(GOLD)) \
	  $(if $(filter-out file,$(origin LAKE)),--lake $(LAKE)) $(if $(CORPUS),--corpus $(CORPUS))

bench-dates: install  ## measure parsers of dates on the table of spellings that the tests use
	$(BIN)/python tests/bench/date_spellings.py

docs: install  ## write the reference from the code, and build all documents as a site in site/
	$(BIN)/python -m docs.generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lock:  ## resolve requirements.lock again from pyproject.toml (needs pip-tools)
	pip-compile --quiet --generate-hashes --all-extras --strip-extras --unsafe-package chardet --upgrade \
	  --no-emit-index-url --no-emit-find-links --no-emit-options --no-header -o requirements.lock pyproject.toml

.PHONY: help install wheel-compiled run serve test test-all test-matrix fuzz fuzz-posts check bench bench-prefect bench-peers bench-scale bench-clean bench-dates docs lock
