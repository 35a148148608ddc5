# Thin by intention: what a target does is in scripts/*.py and in management commands.
# PORT, VAR_DIR and the rest come from the environment or .env; .env.example explains each.

.DEFAULT_GOAL := help
SHELL := /bin/sh

MANAGE := .venv/bin/python manage.py
# A wheel of the local services remarks on a missing XDG_RUNTIME_DIR, which is none of our business.
SCRIPT := .venv/bin/python -W "ignore:XDG_RUNTIME_DIR is not set" -m scripts

.PHONY: help env env-dev run run-services dev test proof mutants check schema deploy-check bench docs messages clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## Make .venv with what the product needs (only when the requirements have changed)
	@python=$$(sh scripts/find-python.sh) && "$$python" scripts/environment.py

env-dev: ## The same, with what tests and checks need
	@python=$$(sh scripts/find-python.sh) && "$$python" scripts/environment.py --dev

run: env ## Start everything in one process: no database server, no Redis, no Docker
	@$(MANAGE) prepare
	@$(MANAGE) serve

run-services: env-dev ## The served layout on this machine: PostgreSQL, Redis, several processes
	@$(SCRIPT).services

dev: env-dev ## Like run, with DEBUG and a restart whenever a file changes
	@$(SCRIPT).dev

test: env-dev ## The whole suite, on SQLite and then on PostgreSQL + Redis
	@$(SCRIPT).suite $(ARGS)

proof: env-dev ## Long random histories of ledger, shelves and shop, 20 each on each engine (more than an hour)
	@$(SCRIPT).proof $(ARGS)

mutants: env-dev ## How many small mistakes in ledger, claim and prices the tests notice (docs/mutation-testing.md)
	@$(SCRIPT).mutants $(ARGS)

check: env-dev ## Everything that .ci/run checks, with seconds per step
	@$(SCRIPT).check $(ARGS)

schema: env-dev ## Write docs/openapi.yaml anew
	@$(MANAGE) spectacular --validate --fail-on-warn --file docs/openapi.yaml

deploy-check: env-dev ## Validate Dockerfile, compose file, nginx, Terraform and the rest of deploy/ without an engine
	@$(SCRIPT).deploy_check $(ARGS)

messages: env-dev ## Add missing entries to the Spanish catalogues and compile them
	@$(SCRIPT).messages --add --compile

docs: env-dev ## Build the documentation as a site: var/site/index.html
	@$(SCRIPT).docs && NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --quiet && echo "var/site/index.html"

bench: ## List the measurements
	@awk 'FNR == 1 {sub(/^"""/, ""); printf "  %-28s %s\n", FILENAME, $$0}' bench/*.py

clean: ## Remove what was made: .venv, databases, caches
	@rm -rf .venv var .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
