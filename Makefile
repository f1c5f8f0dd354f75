# `make demo` and `make test` are all that a newcomer needs; each installs what is missing.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check fast-test fidelity setup clean
demo: setup
	$(BIN)/sealane demo examples/hangzhou/plan.yaml

test: setup
	$(BIN)/pytest

fast-test: $(STAMP)
	$(BIN)/pytest -m "not live" -n 2

# Settings are environment variables, see docs/howto/measure-fidelity.md.
fidelity: setup
	cd tests && ../$(BIN)/python -m fidelity

check: $(STAMP)
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

setup:
	@./scripts/install-packages
	@$(MAKE) --no-print-directory $(STAMP)

$(STAMP): pyproject.toml
	@echo "installing Python packages into $(VENV)"
	@python3 -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
