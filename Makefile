# The door to everything. `make help` lists the targets; ENVIRONMENT=, SETTINGS=file, OUT=dir choose; ARGS="--yes" hands options on.
PYTHON ?= python3
PY := .venv/bin/python
RUN := $(PY) -m deployer
export ENVIRONMENT SETTINGS OUT

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help airflow-init airflow-local airflow-deploy airflow-diff airflow-doctor airflow-permissions airflow-unlock airflow-status airflow-events airflow-open airflow-push-image airflow-rollback airflow-check-dags airflow-upgrade-check airflow-destroy airflow-render airflow-validate airflow-cost airflow-diagram airflow-prices airflow-outputs airflow-password test lint format bench integration nightly nightly-settings nightly-integration nightly-faults nightly-containers

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

airflow-init: .venv/ready ## Five questions, and a service.yml that answers them
	@$(RUN) init $(ARGS)

airflow-local: .venv/ready ## A real Airflow on this machine: no AWS account, no Docker, no root
	@$(RUN) local $(ARGS)

airflow-deploy: .venv/ready ## Render, show the changes, ask, deploy (ENVIRONMENT=dev)
	@$(RUN) deploy $(ARGS)

airflow-diff: .venv/ready ## What a deploy would change, and the costs before and after; offline: ARGS="--against main"
	@$(RUN) diff $(ARGS)

airflow-doctor: .venv/ready ## Check account and region before anything is begun (ENVIRONMENT=dev)
	@$(RUN) doctor $(ARGS)

airflow-permissions: .venv/ready ## The least IAM policy for whoever deploys, pushes and destroys (ENVIRONMENT=dev)
	@$(RUN) permissions $(ARGS)

airflow-push-image: .venv/ready ## Check the DAGs, build, push, roll out, say what is live (ENVIRONMENT=dev)
	@$(RUN) push-image $(ARGS)

airflow-rollback: .venv/ready ## List the releases, or return to one: ARGS="--to 3" (ENVIRONMENT=dev)
	@$(RUN) rollback $(ARGS)

airflow-check-dags: .venv/ready ## Import every DAG of dags/ with a real Airflow: errors by file and line
	@$(RUN) check-dags $(ARGS)

airflow-upgrade-check: .venv/ready ## What another Airflow would do to database, settings, DAGs: ARGS="--to 3.4.0"
	@$(RUN) upgrade-check $(ARGS)

airflow-destroy: .venv/ready ## Remove what was deployed, after asking (ENVIRONMENT=dev)
	@$(RUN) destroy $(ARGS)

airflow-unlock: .venv/ready ## Break the lock of a deploy that nobody is at any more (ENVIRONMENT=dev)
	@$(RUN) unlock $(ARGS)

airflow-status: .venv/ready ## Stacks and services: running, desired, revision, health (ENVIRONMENT=dev)
	@$(RUN) status $(ARGS)

airflow-events: .venv/ready ## The last operation again: ARGS=--follow watches, ARGS="--html page.html" writes a page
	@$(RUN) events $(ARGS)

airflow-open: .venv/ready ## The way in: URL and log-in, or the tunnel of an isolated network (ENVIRONMENT=dev)
	@$(RUN) open $(ARGS)

airflow-outputs: .venv/ready ## URL, log-in, bucket of what is deployed (ENVIRONMENT=dev)
	@$(RUN) outputs $(ARGS)

airflow-password: .venv/ready ## Password of the first user (ENVIRONMENT=dev)
	@$(RUN) password $(ARGS)

airflow-render: .venv/ready ## Write templates/<environment>/ from service.yml
	@$(RUN) render $(ARGS)

airflow-validate: .venv/ready ## Check service.yml and its templates, offline
	@$(RUN) validate $(ARGS)

airflow-cost: .venv/ready ## What it costs a day, line by line; other environments, networks, regions (ENVIRONMENT=dev)
	@$(RUN) cost $(ARGS)

airflow-diagram: .venv/ready ## Draw the architecture from the templates (ENVIRONMENT=dev OUT=file.svg)
	@$(RUN) diagram $(ARGS)

airflow-prices: .venv/ready ## Ask AWS's price list and write the file of prices anew
	@$(RUN) prices $(ARGS)

test: .venv/ready ## The tests, lint, types and import contracts: offline, no root, no Docker
	@$(PY) -m pytest $(ARGS)
	@$(MAKE) --no-print-directory lint

lint: .venv/ready ## Formatting, lint, types, Dockerfile, import contracts
	@$(PY) -m ruff format --check . && $(PY) -m ruff check . && $(PY) -m mypy && .venv/bin/hadolint docker/Dockerfile && $(PY) -c "from importlinter.cli import *; lint_imports_command()"

format: .venv/ready ## Format the code
	@$(PY) -m ruff format . && $(PY) -m ruff check --fix .

integration: .venv/ready ## The whole path with the AWS inside this machine and a real Airflow; containers, for root with Docker
	@$(PY) -m pytest $(or $(TESTS),tests/integration tests/containers) -o addopts= --import-mode=importlib -m "not nightly" -ra --durations=15 $(ARGS)

nightly: .venv/ready ## All that a commit must pass, then the other nightly-... targets and the benchmarks
	@.ci/run && $(MAKE) --no-print-directory nightly-settings nightly-integration nightly-faults nightly-containers bench

nightly-settings: .venv/ready ## Many random settings
	@NIGHTLY=1 $(PY) -m pytest tests/generator/config -o addopts= --import-mode=importlib -q

nightly-integration: .venv/ready ## What of the integration tests a commit does not wait for: an ordinary user in an empty home
	@$(PY) -m pytest tests/integration -o addopts= --import-mode=importlib -m nightly -ra

nightly-faults: .venv/ready ## Many seeds of deploys whose calls to AWS break, and that are killed
	@NIGHTLY=1 $(PY) -m pytest tests/integration/test_faults.py tests/integration/test_killed.py -o addopts= --import-mode=importlib -q

nightly-containers: .venv/ready ## Containers of the declared size, as root with Debian's docker.io, docker-registry, mmdebstrap, apache2-utils
	@$(PY) -m pytest tests/containers -o addopts= --import-mode=importlib -m nightly -ra

bench: .venv/ready ## Measure: render, deploy, image, DAG check, clone to first DAG, memory, sizes
	@$(PY) -m benchmarks $(ARGS)

service.schema.json: $(wildcard generator/config/*.py) .venv/ready
	@$(RUN) schema > $@

docs/images/architecture.svg: service.yml $(wildcard generator/stacks/*.py generator/diagram/*/*.py) .venv/ready
	@$(RUN) diagram --environment stage --out $@

docs/images/deploy.svg: benchmarks/picture.py $(wildcard templates/dev/*.yml deployer/console/*.py) .venv/ready
	@$(PY) -m benchmarks.picture > $@

docs/settings.md: $(wildcard generator/config/*.py generator/config/rules/*.py) .venv/ready
	@$(RUN) settings-document > $@

docs/cost.md: service.yml $(wildcard generator/cost/*) .venv/ready
	@$(RUN) cost-document > $@

.venv/ready: requirements.lock requirements-uv.lock
	@test ! -L .venv || { echo ".venv is a link to another checkout's tools, which would be cleared; remove the link" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; choose another with PYTHON=python3.12")'
	@echo "Installing the tools into .venv (once)" >&2 && $(PYTHON) -m venv --clear .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.lock
	@$(PY) -m uv pip install --quiet --compile-bytecode --python $(PY) --require-hashes --requirement requirements.lock
	@touch $@
