# Set-up, run, test, check. Every target makes the virtual environment first if it is missing or out of date.
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test check format bench chaos lock clean

help:  ## Show the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements-dev.lock pyproject.toml ops/make-venv.sh
	@sh ops/make-venv.sh
	@touch $@

run: .venv/ready  ## Everything in one process, with the sandbox where nothing is configured
	@$(BIN)/clerk run

test: .venv/ready  ## Every test, against real servers
	@$(BIN)/pytest

check: .venv/ready  ## Format, lint, types, import contracts, known vulnerabilities, then the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m tests.audit
	@$(BIN)/pytest tests/decisions tests/stores

format: .venv/ready  ## Format the code and mend what lint can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/ready  ## Benchmarks: ratios measured within one run
	@$(BIN)/python -m bench

chaos: .venv/ready  ## The fault suite at length: SEED=1 RUNS=10 TEXTS=1000
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) --runs $(or $(RUNS),1) --texts $(or $(TEXTS),1000)

lock: .venv/ready  ## Resolve the dependencies anew, as far as pyproject.toml allows
	@$(BIN)/python -m piptools compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate \
		--output-file requirements.lock pyproject.toml
	@$(BIN)/python -m piptools compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --extra dev \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate \
		--constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:  ## Forget the environment and every cache; data/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .grimp_cache .import_linter_cache build *.egg-info test-artefacts
