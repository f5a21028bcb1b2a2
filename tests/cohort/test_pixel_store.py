"""A full disk and killed writers leave nothing half."""

import errno
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from medgraft.cohort import Cohort
from medgraft.cohort.pixel_store import PixelStore
from medgraft.core.errors import ProjectError


def _disk_full(*_args, **_options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _half_saved(file, array, **_options):
    file.write(array.tobytes()[: array.nbytes // 2])
    _disk_full()


@pytest.mark.parametrize("seam", [(os, "fsync", _disk_full), (np, "save", _half_saved)], ids=["fsync", "save"])
def test_a_full_disk_is_told_and_leaves_nothing(cohort, found, monkeypatch, seam):
    kept = cohort.add(found(1))
    with monkeypatch.context() as patch:
        patch.setattr(*seam)
        with pytest.raises(ProjectError, match=r"No space left.*Make room and import again"):
            cohort.add(found(2))
    assert cohort.entries() == (kept,)
    assert [path.name for path in (cohort.root / "images").iterdir()] == [f"{kept.id}.npy"]
    assert cohort.add(found(2)) in cohort.entries()


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of two megabytes; only root can make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    command = [mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_truly_full_disk_keeps_what_was_there(small_disk, found):
    with Cohort.open(small_disk) as cohort:
        kept = [cohort.add(found(key)) for key in range(3)]
        (small_disk / "other people's").write_bytes(bytes(shutil.disk_usage(small_disk).free - 4096))
        with pytest.raises(ProjectError, match=r"(?i)make room"):
            kept.extend(map(cohort.add, (found(("more", key)) for key in range(100))))
    (small_disk / "other people's").unlink()
    with Cohort.open(small_disk) as cohort:
        assert {entry.id for entry in cohort.entries()} == {entry.id for entry in kept}
        assert not list(small_disk.rglob("*.tmp"))
        for entry in cohort.entries():
            assert cohort.pixels(entry).shape == entry.shape
        assert cohort.add(found("after")) in cohort.entries()


def test_leftovers_of_killed_writers_are_swept_once_they_are_old(tmp_path):
    store = PixelStore(tmp_path / "images")
    store.prepare()
    old, young = tmp_path / "images/a.1.tmp", tmp_path / "images/b.2.tmp"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    store.prepare()
    assert [path.name for path in (tmp_path / "images").iterdir()] == [young.name]
