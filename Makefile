# Two commands do everything: `make run` and `make test`. Nothing has to be installed before.
.POSIX:
.PHONY: help run test check lint types pages format messages docs bench clean
BIN = .venv/bin

help: ## say what there is
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

run: ## set up, then serve a demo shop (INNKEEPER_PORT, default 8000)
	@exec sh scripts/run.sh

test: ## set up, then run every test (ARGS="tests/unit -k money" for some)
	@sh scripts/setup.sh test
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: ## what CI runs first: format, lint, types, import contracts, documentation
	@sh scripts/setup.sh dev
	@$(MAKE) --no-print-directory -j 2 -O lint types pages

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types:
	$(BIN)/mypy --strict core plugins

pages:
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

format: ## put the code in order
	@sh scripts/setup.sh dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: ## take new sentences from code and templates into the catalogues of core/locales
	@sh scripts/setup.sh dev
	@$(BIN)/python scripts/messages.py

docs: ## build the documentation into docs/_build/html
	@sh scripts/setup.sh dev
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

bench: ## measure (see bench/README.md)
	@sh scripts/setup.sh dev
	$(BIN)/python -m bench $(ARGS)

clean: ## remove what set-up and tests made, but not var/
	rm -rf .venv .venvs .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf docs/_build core/web/static/vendor core/web/assets/node_modules
