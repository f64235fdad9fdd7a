# Targets: run, test, lint, lock, lowest, hooks. Each builds the environment first if it does not exist.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
READY := .venv/ready
# UV_LINK_MODE=copy: each environment has its own files, so that compiled byte code is not shared.
# UV_SYSTEM_CERTS: uv trusts the certificates of the system, as pip does. Some networks have their own certificates.
INSTALL := UV_LINK_MODE=copy UV_SYSTEM_CERTS=true $(BIN)/uv pip

.PHONY: run test lint lock lowest hooks setup clean

run: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" snakemake --cores $(CORES)

test: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" OMP_NUM_THREADS=1 pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# .pre-commit-config.yaml runs the same commands; tests/test_repository.py checks that the two lists agree.
lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

# From now on `git commit` runs the checks of `make lint` first.
hooks: setup
	$(BIN)/pre-commit install

setup: $(READY)

# Everything comes from requirements.lock and is checked against its hashes. pip installs uv, and uv installs the rest.
# Byte code, and machine code by numba, are compiled here once. Otherwise the first import would compile them.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info[:2] in ((3, 11), (3, 13)) or sys.exit("emofusion needs Python 3.11 or 3.13; name one: make PYTHON=python3.13")'
	$(PYTHON) -m venv --clear .venv
	awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.lock
	$(INSTALL) sync --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(INSTALL) install --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'import emofusion.features.common.sound.compiled'
	touch $@

# Take the newest versions that pyproject.toml allows, for every Python from 3.11 on and with all extras.
# `make lock UPGRADE=` keeps the versions, and only adds missing packages and removes those that nothing needs.
# torch and torchvision must come from the same registry in one resolution, or they do not work together.
UPGRADE ?= --upgrade
lock: setup
	$(BIN)/uv pip compile --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header --quiet \
		$(UPGRADE) --all-extras --group dev pyproject.toml --output-file requirements.lock

# The tests with the lowest versions that pyproject.toml allows, in an environment of their own. The plug-in for Slurm is
# left out, because it needs newer versions of numpy, scipy, numba and PyYAML than emofusion does. With it:
# make lowest EXTRAS="functionals faces slurm" TESTS=tests/workflow/slurm
EXTRAS ?= functionals faces
lowest: setup
	$(PYTHON) -m venv --clear .lowest
	$(BIN)/uv pip compile --quiet --resolution lowest-direct $(EXTRAS:%=--extra %) --group dev pyproject.toml \
		--output-file .lowest/requirements.txt
	$(INSTALL) sync --python .lowest/bin/python .lowest/requirements.txt
	$(INSTALL) install --python .lowest/bin/python --no-deps --no-build-isolation --editable .
	PATH="$(CURDIR)/.lowest/bin:$$PATH" OMP_NUM_THREADS=1 pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

clean:
	rm -rf .venv .lowest .snakemake .pytest_cache .ruff_cache .mypy_cache
