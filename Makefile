# Two commands are enough: `make run` and `make test`. Each installs what it needs, once. CONTRIBUTING.md has more.

PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(PYTHON) -I checkout_project/tools/install.py
# One more than there are cores: some tests wait for a clock, a browser or a node.
PROCESSES ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# By file, in the order of tests/conftest.py: what a file starts (a node, a browser) is started once.
SHARE := -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: run test test-odd coverage check contracts format bench mutants clean audit lock

# Everything on one machine, with a demo merchant: http://127.0.0.1:8000 (PORT=…, DATA_DIR=…).
run:
	@$(INSTALL) run
	@exec $(BIN)/python -m checkout_project.running

# All there is to check, style and types included.
test:
	@$(INSTALL) test
	@exec $(BIN)/python -m pytest $(SHARE)

# The suite's quick part in odd places and at odd times; ODD=kathmandu for one of them: docs/own-tests.md.
test-odd:
	@$(INSTALL) test-odd
	@ODD="$(ODD)" exec $(BIN)/python -m tests.odd $(SHARE)

# Whether both sides of every branch of the money rules are run by some test: docs/own-tests.md.
coverage:
	@$(INSTALL) test
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run -m pytest -q $(SHARE) $(COVERING)
	@$(BIN)/coverage combine --quiet
	@exec $(BIN)/coverage report
COVERING := tests/promises tests/locks tests/common tests/chains_app tests/merchants_app tests/sessions_app tests/journeys \
	tests/webhooks_app/sending/test_signing.py

# The quick part of it: style, types, templates, imports, migrations, architecture; each tool as itself, all at once.
check:
	@$(INSTALL) test
	@exec $(BIN)/python -m checkout_project.tools.checks

# Known vulnerabilities, of libraries and of how our code is written. Says so when no advisory service is reachable.
audit:
	@$(INSTALL) test
	@exec $(BIN)/python checkout_project/tools/audit.py

# A long look at the contracts: forge's invariants many times over, halmos' proofs, and slither. docs/receiving.md says what they find.
contracts:
	@$(INSTALL) test
	@exec $(BIN)/python -m tests.chains_app.contracts.care

# After a change in requirements*.txt: the hashes that go with it.
lock:
	@$(INSTALL) test
	@exec $(BIN)/python checkout_project/tools/lock.py

format:
	@$(INSTALL) test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djlint --reformat --quiet templates
	node_modules/.bin/biome lint --write static tests chains_app checkout_project

# All that is measured, as one table, kept in docs/benchmarks.md; QUICK=1: smaller, and only told.
bench:
	@$(INSTALL) test
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick,--keep)

# Would the tests notice? So many random changes for the worse, by a seed: docs/own-tests.md.
SEED ?= 7
N ?= 150
mutants:
	@$(INSTALL) test
	@SEED=$(SEED) N=$(N) exec $(BIN)/python -m tests.mutants

# What can be made again. Your data stays; `rm -r .data` removes it (as root see docs/configuration.md).
clean:
	rm -rf .venv .venv-contracts node_modules staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +
