.DEFAULT_GOAL := help
PORT ?= 5000
PY := .venv/bin/python
# One more than two cores: a worker that waits for a browser or a server leaves its core to another.
WORKERS := 3
# Where an environment forbids bytecode, each of the many processes that the tests start compiles the program anew.
unexport PYTHONDONTWRITEBYTECODE
CLINIC := env CLINIC_DATA_DIR=data CLINIC_BASE_URL=http://127.0.0.1:$(PORT) .venv/bin/python -m clinic_sessions

.PHONY: help run demo test test-long check bench lock

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/run data/demo-made ## Serve the demo clinic at http://127.0.0.1:5000 (make run PORT=5050 elsewhere)
	@$(CLINIC) upgrade
	@echo "Open http://127.0.0.1:$(PORT)/ and sign in as desk@, nurse@, provider@, owner@ or auditor@demo.example"
	@cat data/demo-made
	@echo "The invented days are those around $$(date -r data/demo-made +%F); make demo makes them anew."
	@exec $(CLINIC) serve --port $(PORT)

demo: ## Throw the demo clinic away and make it anew
	rm -rf data
	@$(MAKE) --no-print-directory data/demo-made

test: .venv/dev ## Run every check and test that needs no long time, on SQLite and PostgreSQL
	@tests/need-browser
	@$(MAKE) --no-print-directory check
	$(PY) -m pytest -n $(WORKERS) --dist loadscope -q

test-long: .venv/dev ## Run the long tests too: random examples, more kills, more rivals
	@tests/need-browser
	HYPOTHESIS_PROFILE=long $(PY) -m pytest -n $(WORKERS) -q -m "long or not long"

check: .venv/dev ## Lint, type-check, and hold the import contracts
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m pytest -q tests/test_architecture.py -p no:cacheprovider

bench: .venv/dev ## Measure against the goals
	$(PY) -m bench

lock: ## Lock the requirements again after changing setup.cfg (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --extra postgres setup.cfg -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --all-extras setup.cfg -o requirements-dev.txt

data/demo-made: | .venv/run
	@mkdir -p data
	@$(CLINIC) upgrade
	@$(CLINIC) demo > $@.part && mv $@.part $@

.venv/python:
	@python3 -c 'import ensurepip' 2>/dev/null || { echo "python3 cannot make virtual environments here. Install them: apt-get install python3-venv"; exit 1; }
	python3 -m venv .venv
	@touch $@

.venv/run: requirements.txt .venv/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run
