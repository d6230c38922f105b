# Every target makes the Python environment it needs in .venv first; only Python 3.11 and make have to be there.
.DEFAULT_GOAL := help
.PHONY: help run test check lab bench image environment
SHELL := bash
PYTHON ?= python3.11
IMAGE ?= orchestrator
PARTS ?= all

# An environment is complete when the stamp of exactly these requirements is in it.
RUN_STAMP := .venv/.run-$(shell sha256sum requirements.txt | cut -c1-16)
DEV_STAMP := .venv/.dev-$(shell cat requirements.txt requirements-dev.txt | sha256sum | cut -c1-16)
ENVIRONMENT := PYTHON=$(PYTHON) bash tests/environment

# What Django's deployment checks look at is a production that is set up well; nothing listens here.
PRODUCTION := APP_ENV=production ALLOWED_HOSTS=orchestrator.example.com DATABASE_URL=sqlite:///var/check.sqlite3 \
  SECRET_KEY=a-long-key-that-signs-nothing-because-it-is-for-checks-alone ENCRYPTION_KEY=b25seS1mb3ItY2hlY2tzLW9ubHktZm9yLWNoZWNrczE=

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(RUN_STAMP)  ## Serve pages, API and controllers; prints the address and a sign-in link (PORT, HOST, KUBECONFIG, ...)
	@mkdir -p var && .venv/bin/python manage.py migrate --skip-checks --verbosity 0 2>var/migrate.log || \
	  { sed '/^Traceback/,$$d' var/migrate.log; ! grep -q ^Traceback var/migrate.log || \
	  echo "The database could not be prepared (more in var/migrate.log): $$(tail -n 1 var/migrate.log)"; exit 1; } >&2
	@exec .venv/bin/python manage.py serve

test: check  ## Check, then run every test this machine can, and say what was left out
	@bash tests/all

check: $(DEV_STAMP)  ## Format, lint, types, import directions, Django's own checks
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/djlint --check --lint --quiet templates
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PRODUCTION) .venv/bin/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) .venv/bin/python manage.py makemigrations --check --dry-run

lab:  ## Start real systems for tests on this machine (PARTS="kubernetes postgres", default all)
	@tests/lab/up $(PARTS)

bench: $(DEV_STAMP)  ## Measure against a bare API server with 10,000 pods and write docs/benchmarks.md
	@.venv/bin/python -m tests.benchmarks

image:  ## Build the container image, on the lab's Docker Engine when that is up
	@bash tests/image build $(IMAGE)

environment: $(DEV_STAMP)

$(RUN_STAMP):
	@$(ENVIRONMENT) $@ requirements.txt

$(DEV_STAMP): | $(RUN_STAMP)
	@$(ENVIRONMENT) $@ requirements.txt requirements-dev.txt
