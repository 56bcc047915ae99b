PYTHON ?= python3
BIN = .venv/bin
SAMPLE = 0
SEED = 1
KILLS = 1000

# Python keeps what it has compiled, also where the environment says otherwise: each of many processes would compile anew.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL = run
.PHONY: help run test torture bench check mutants lab site notebooks lock clean

help: ## what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS="$$(printf '\t')" read -r name what; do printf 'make %-10s %s\n' "$$name" "$$what"; done

run: ## set up, then execute the guide end to end on the local network
	@$(PYTHON) tools/bootstrap.py runtime
	@cat tools/guide.txt
	@$(BIN)/enmeshed-nb run notebooks/01-establish-a-relationship.ipynb notebooks/02-requests-via-messages.ipynb
	@printf '\nNext: make lab   opens these notebooks in JupyterLab, to be done step by step; make help lists the rest.\n'

test: check ## set up, browser included, then the quality gate and all tests
	@$(PYTHON) tools/bootstrap.py test
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

torture: ## kill a network KILLS times at random, then before every event of every flow, then let its Backbone fail
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python -u -m tests.faults kills --kills $(KILLS) --seed $(SEED); kills=$$?; \
	$(BIN)/python -u -m tests.faults points; points=$$?; \
	$(BIN)/python -u -m tests.faults outages --runs 50 --seed $(SEED) && exit $$((kills | points))

bench: ## how fast everything is, beside what it shall reach; takes half an hour (BENCH="client round-trip": only these groups)
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python -m benchmarks $(BENCH)

check: ## the quality gate alone: format, lint (Python and JavaScript), types, imports, notebooks normalised, what is generated, spelling
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/javascript/check.py
	@$(BIN)/python tools/notebooks.py --check
	@$(BIN)/python tools/readme.py --check
	@$(BIN)/python tools/synchronous.py --check
	@$(BIN)/codespell

mutants: ## do the tests bite? change the code in one place at a time (SAMPLE=800 SEED=1; all by default: hours; MUTATE=PATH: of that alone)
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python tools/mutants.py --sample $(SAMPLE) --seed $(SEED) $(MUTATE)

lab: ## set up, then JupyterLab on the first notebook, with a network
	@$(PYTHON) tools/bootstrap.py runtime
	@$(BIN)/enmeshed-nb lab

site: ## the site to read, in build/site: lessons, reference, a journey to replay (a warning is an error)
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python -m tools.site

notebooks: ## execute all notebooks and store their outputs, normalised
	@$(PYTHON) tools/bootstrap.py dev
	@$(BIN)/python tools/notebooks.py

lock: ## write the lock files anew (needs uv)
	@sh tools/lock.sh

clean: ## remove everything that was set up or built here; networks' data stay
	rm -rf .venv build dist enmeshed_nb/localnet/connector_host/node_modules tools/javascript/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
