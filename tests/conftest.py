"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings that the project does not contain; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EMOFUSION_REAL_DATA", REPOSITORY.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"real recordings are not at {folder} (set EMOFUSION_REAL_DATA to where they are)")
    return folder
