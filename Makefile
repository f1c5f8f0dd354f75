# `make demo` and `make test` are all that a newcomer needs; each installs what is missing.
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NODE := $(VENV)/node/.installed

# Hundreds of programs are started here; each would compile anew whatever it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check fast-test mutation fidelity setup node clean
demo: setup
	$(BIN)/sealane demo examples/hangzhou/plan.yaml

# What needs no packets runs on two cores at once, and so do the live tests that mostly wait; nothing runs beside those
# that measure gaps in time.
test: setup node
	@$(MAKE) --no-print-directory fast-test
	$(BIN)/pytest -m beside -n 3 --dist loadfile --durations=5
	$(BIN)/pytest -m "live and not beside or mutation" --durations=15

fast-test: $(STAMP)
	$(BIN)/pytest -m "not live and not mutation" -n 2 --dist worksteal

# Errors planted in the engine and the proofs, and which test kills each; WORDS=... chooses some by name.
mutation: $(STAMP)
	$(BIN)/python tests/mutation $(WORDS)

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

# Node, npm and the Node SDK, only for the client of tests/conformance that is written for them.
node: $(NODE)

$(NODE): tests/conformance/node/package.json $(STAMP)
	@echo "installing Node packages into $(VENV)/node"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[node]'
	@mkdir -p $(@D)
	@cp $< $(@D)
	@$(BIN)/npm install --prefix $(@D) --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel error >/dev/null
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
