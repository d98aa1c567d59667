# Set-up, run, test, check. Every target makes or completes the virtual environment first if it is out of date.
BIN := .venv/bin
WORKERS ?= 4
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Every process compiles all of Clerk anew where the environment forbids to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help run test quick check format bench chaos lock clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements-embedded.lock pyproject.toml ops/make-venv.sh
	@sh ops/make-venv.sh
	@touch $@

.venv/ready-dev: requirements-dev.lock requirements-embedded.lock pyproject.toml ops/make-venv.sh
	@sh ops/make-venv.sh requirements-dev.lock
	@touch .venv/ready $@

run: .venv/ready  ## Everything in one process, with the sandbox where nothing is configured
	@$(BIN)/clerk run

test: .venv/ready-dev  ## Every test, against real servers, by 4 processes: WORKERS=4
	@touch .venv/begun
	@$(BIN)/python -m pytest -n $(WORKERS)
	@mv .venv/begun .venv/quick-passed

quick: .venv/ready-dev  ## Every test that needs no server, by 4 processes: WORKERS=4
	@touch .venv/begun
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not server"
	@mv .venv/begun .venv/quick-passed

# The tests that need no server have passed on these files, in `make test` or `make quick`.
ifeq ($(MAKECMDGOALS),.venv/quick-passed)
NOT_TESTED := ^(\.git|\.venv|\..*_cache|\.hypothesis|data|build|test-artefacts|.*\.egg-info)$$
.venv/quick-passed: $(shell find $$(ls -A | grep -vE '$(NOT_TESTED)') -name __pycache__ -prune -o -type f -print)
	@$(MAKE) quick
endif

check: .venv/ready-dev  ## Format, lint, types, import contracts, known vulnerabilities, the fast tests if they have not passed
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.audit
	@$(MAKE) .venv/quick-passed

format: .venv/ready-dev  ## Format the code and mend what lint can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/ready-dev  ## One table of what work costs, with goals and rivals, in ten minutes
	@$(BIN)/python -m bench

chaos: .venv/ready-dev  ## Property tests, the simulator and the fault suite at length: SEED=1 RUNS=10 TEXTS=1000 SEEDS=10000
	@$(BIN)/python -m pytest -n $(WORKERS) --hypothesis-profile thorough -m hypothesis
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000)
	@$(BIN)/python -m tests.simulation --rules
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) --runs $(or $(RUNS),1) --texts $(or $(TEXTS),1000)

# UPGRADE= keeps what is locked and adds only what is new in pyproject.toml.
UPGRADE ?= --upgrade
LOCK := $(BIN)/python -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate

lock: .venv/ready-dev  ## Resolve the dependencies anew, as far as pyproject.toml allows
	@$(LOCK) $(UPGRADE) --output-file requirements.lock pyproject.toml
	@$(LOCK) $(UPGRADE) --extra embedded --constraint requirements.lock --output-file requirements-embedded.lock pyproject.toml
	@$(LOCK) $(UPGRADE) --extra embedded --extra dev --constraint requirements-embedded.lock --output-file requirements-dev.lock pyproject.toml

clean:  ## Forget the environment and every cache; data/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .grimp_cache .import_linter_cache build *.egg-info test-artefacts
