# Two commands: `make demo` shows the product, `make test` proves it. `make` alone lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs env env-test assets lock clean cluster-env cluster-test soak

RECAUDO := .venv/bin/recaudo
PYTHON := .venv/bin/python

help:  ## Lo que se puede hacer
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## ?/\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: env assets  ## Todo andando en 127.0.0.1:8000: base, datos de ejemplo, la jornada y las pantallas
	@$(RECAUDO) up --demo

test: env-test assets  ## Todas las pruebas y revisiones (ARGS="..." va a pytest)
	@scripts/run_tests.sh $(ARGS)

lint: env-test  ## Revisiones rápidas: estilo, tipos, arquitectura, candados
	@scripts/lint.sh

bench: env-test assets  ## Mediciones con su línea base (ARGS="..." las elige)
	@$(PYTHON) -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/bench.txt
	@$(PYTHON) -m benchmarks $(ARGS)

cluster-env: env  ## Instala Spark en .venv-cluster para «recaudo decide --engine spark»
	@scripts/make_cluster_env.sh

cluster-test: env-test  ## La estrategia en un Spark local contra DuckDB, por huella (ARGS="--accounts 1000000")
	@scripts/make_cluster_env.sh
	@$(PYTHON) -m tests.cluster $(ARGS)

docs: env  ## Genera las referencias de docs/reference
	@$(RECAUDO) docs

env:  ## Entorno de Python en .venv, con requisitos fijados por huella
	@scripts/make_env.sh base

env-test:
	@scripts/make_env.sh test

assets: | env  ## Construye las pantallas (CSS, JavaScript, íconos)
	@$(PYTHON) scripts/build_assets.py

lock: env-test  ## Rehace los candados de dependencias, sin direcciones
	@for kind in base test bench cluster; do .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header requirements/$$kind.in -o requirements/$$kind.txt; done
	@npm install --package-lock-only --silent && $(PYTHON) scripts/clean_lock.py

soak: env-test assets  ## Las pruebas largas: caídas, disco lleno, carga sostenida
	@$(PYTHON) -m pytest -m soak --override-ini=addopts= -q tests $(ARGS)

clean:  ## Quita lo construido (los datos de var/ se quedan)
	@[ ! -x $(PYTHON) ] || PYTHONPATH=src $(PYTHON) -m recaudo.project.postgres stop || true
	rm -rf .venv node_modules src/recaudo/ui/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
