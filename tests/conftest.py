"""What all tests share: no network, no display, examples of hypothesis without a clock, and where real data is."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

# Machines that run tests are shared: time per example says nothing there. Examples are the same in every run.
settings.register_profile("medgraft", deadline=None, derandomize=True, database=None)
settings.load_profile("medgraft")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images beside the repository; tests that ask for it skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real images are not beside this checkout (../shared/data)")
    return folder
