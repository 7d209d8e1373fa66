# `make run` opens the app, `make test` runs every check. Each sets up .venv by itself, once.

PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: run test check format hooks clean environment environment-dev

# HEADLESS=1 opens no browser. A taken port 8501 moves on to the next free one.
run: environment
	@$(if $(HEADLESS),STREAMLIT_SERVER_HEADLESS=true )$(VENV) -m streamlit run app.py

# ARGS go to pytest: make test ARGS="-k holes".
test: check
	@$(VENV) -m pytest -n 3 $(ARGS)

check: environment-dev
	@$(VENV) -m ruff check
	@$(VENV) -m ruff format --check
	@$(VENV) -m mypy
	@.venv/bin/oxlint vae_core widgets tests
	@$(VENV) scripts/links.py --check

format: environment-dev
	@$(VENV) -m ruff check --fix
	@$(VENV) -m ruff format

# From then on git runs the quick checks before each commit.
hooks: environment-dev
	@$(VENV) -m pre_commit install

# Takes away what the commands above made; never a run in checkpoints/, never data.
clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@$(PYTHON) scripts/environment.py requirements.txt

environment-dev:
	@$(PYTHON) scripts/environment.py requirements-dev.txt
