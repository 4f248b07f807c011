# Parley's two commands: `make run` and `make test`. Each installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# What Python has compiled is kept: the tests start some hundred processes, each of which would compile all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint built chromium lock clean

run: $(VENV)/.installed
	@$(BIN)/python -m app up

# Four at a time, who wait half of it: each file stays in one process, with databases of its own. What all need is made
# before, and the types are checked beside that. The browser's tests come after the others: theirs is an event loop that
# leaves no room for another; and two at a time, as a browser waits for little. Both come to their end, whatever the first
# has found.
ABREAST := --dist loadfile --no-loadscope-reorder

test: $(VENV)/.installed-test
	@$(MAKE) --no-print-directory --jobs 2 lint chromium
	@$(BIN)/python -m pytest -n 4 $(ABREAST) --ignore tests/browser; others=$$?; \
	$(BIN)/python -m pytest -n 2 $(ABREAST) tests/browser && exit $$others

lint: $(VENV)/.installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

built: $(VENV)/.installed-test
	@$(BIN)/python -m web.build

chromium: built
	@$(BIN)/python -c "from tests.support import chromium; chromium.find()"

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] else "Parley needs Python 3.11 or newer; this is %d.%d. Try: make run PYTHON=python3.13" % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || (echo "Could not make a virtual environment. On Debian or Ubuntu: apt install python3-venv" && rm -rf $(VENV) && exit 1)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: requirements.lock $(VENV)/bin/uv
	@echo "Installing what Parley runs on ..."
	@UV_HTTP_TIMEOUT=120 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	@echo "Installing what the tests need ..."
	@UV_HTTP_TIMEOUT=120 $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-test.lock
	@touch $@

# Rewrites both lock files from pyproject.toml.
lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --prerelease if-necessary-or-explicit --generate-hashes --no-header --no-emit-index-url pyproject.toml --group embedded -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --prerelease if-necessary-or-explicit --generate-hashes --no-header --no-emit-index-url pyproject.toml --group embedded --group test -o requirements-test.lock

clean:
	rm -rf $(VENV) web/dist web/ui/node_modules
