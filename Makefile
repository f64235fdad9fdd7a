# make run · make test · make lint · make lock. Each builds the environment first, where it is not there.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
READY := .venv/ready
# Byte code and librosa's machine code are compiled once, on installation, or every import compiles them again.
# The certificates that the system trusts, as pip does: some networks have their own.
INSTALL := UV_LINK_MODE=copy UV_SYSTEM_CERTS=true $(BIN)/uv pip

.PHONY: run test lint lock setup clean

run: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)

test: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 pytest --numprocesses auto --dist loadgroup

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --lint

setup: $(READY)

# Everything comes from requirements.lock, with hashes; uv first, which then installs the rest.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("emofusion needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear .venv
	awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.lock
	$(INSTALL) sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(INSTALL) install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'import emofusion.features.common.sound.compiled'
	touch $@

# Resolves anew within pyproject.toml; torch and torchvision together, for every Python from 3.11 on.
lock: setup
	$(BIN)/uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header --quiet \
		--upgrade --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv .snakemake .pytest_cache .ruff_cache
