"""A cluster that is not there is a mistake of who named it; what a job takes is no less than something."""

from pathlib import Path

import pytest

from medgraft.core.errors import InputError
from medgraft.study import ClusterExecutor, DeskSettings, Share


@pytest.mark.slow
@pytest.mark.parametrize("address", ["nowhere", "localhost:door"])
def test_an_address_that_is_none_is_named(address: str, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    settings = DeskSettings(cache=tmp_path, unfinished=tmp_path)
    with pytest.raises(InputError, match=rf"Expected a Ray cluster at {address}, HOST:PORT"):
        ClusterExecutor(address, Share(), settings)


@pytest.mark.parametrize("share", [(0, 0), (-1, 1), (1, -0.5)])
def test_a_job_takes_something(share: tuple[float, float]) -> None:
    with pytest.raises(InputError, match="take some CPU or GPU"):
        Share(cpus=share[0], gpus=share[1])
