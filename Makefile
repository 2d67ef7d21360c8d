# Every target sets up what it needs by itself; a second run repeats nothing. Needs Python 3.11, make and a package registry.
PYTHON ?= python3.11
export PYTHON
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
NPM := $(BIN)/python tools/frontend.py
LIGHT ?= 3.13 3.10

.NOTPARALLEL:
.PHONY: demo test check setup fast frontend oracle servers browser light lint types bench coverage verdict calibrate demo-data build clean

demo: ## the demo in TensorBoard, three tabs
	@tools/setup.sh --optional
	@$(BIN)/python tools/demo.py $(ARGS)

test: ## everything, in the order of how quickly it tells
	@tools/setup.sh --browser
	@$(MAKE) --no-print-directory fast frontend oracle servers browser light

check: setup ## what to run before a commit
	@$(MAKE) --no-print-directory fast frontend lint

setup: ## .venv with the pinned packages, and the built front end
	@tools/setup.sh --optional

fast: setup ## tests that need no TensorFlow and no browser
	$(PYTEST) -n auto --dist loadfile -m "not oracle and not browser and not servers"

frontend: setup ## unit tests of the front end
	$(NPM) test

oracle: setup ## our readers against the real TFMA, TFDV and ML Metadata
	$(PYTEST) -m oracle

servers: setup ## business tables from a real PostgreSQL and a real MariaDB
	$(PYTEST) -m servers

browser: ## a real TensorBoard in a real Chromium
	@tools/setup.sh --browser
	$(PYTEST) -m browser

light: setup ## the wheel beside the newest TensorBoard, without TensorFlow, on other Pythons
	$(BIN)/python tools/light.py $(LIGHT)

lint: setup types ## style, types, laws between the rooms, and the contract still fresh
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports
	$(NPM) run lint
	git diff --exit-code --stat -- frontend/view.schema.json frontend/src/view.gen.ts

types: setup ## the front end's types, from the view models
	$(BIN)/python frontend/make_types.py

bench: setup ## speed, size and memory, for benchmarks/README.md
	@for bench in benchmarks/bench_*.py; do PYTHONPATH=. $(BIN)/python $$bench || exit 1; done

coverage: setup ## how often the intervals of costs hold the truth, for benchmarks/README.md
	nice -n 15 $(BIN)/python -m benchmarks.coverage $(ARGS)

verdict: setup ## the verdict against known faults, for benchmarks/verdict/README.md; goes on where it stopped
	$(BIN)/python -m benchmarks.verdict $(ARGS)

calibrate: setup ## false alarms and planted faults of the data corner, for benchmarks/calibrate/README.md
	$(BIN)/python -m benchmarks.calibrate $(ARGS)

demo-data: setup ## make the demo's runs anew with the real TFX libraries
	$(BIN)/python -m examples.shoes.generate --out examples/shoes

build: setup ## wheel and source archive in dist/
	$(BIN)/uv build --quiet --out-dir dist .

clean: ## forget everything set up or built
	rm -rf .venv .venv-light* .cache build dist *.egg-info frontend/node_modules tb_plugin/static
