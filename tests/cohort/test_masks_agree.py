"""A mask and what the index says of it agree, whoever is killed and whoever writes at the same time."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from medgraft.cohort import Cohort
from medgraft.core.digest import array_digest

#: Puts a mask of ones in place, and stops before the named step until it is killed.
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from medgraft.cohort import Cohort

def stop(*_, **__):
    print("there", flush=True)
    sys.stdin.readline()

setattr(Cohort, sys.argv[2], stop)
with Cohort.open(Path(sys.argv[1])) as cohort:
    (entry,) = cohort.entries()
    cohort.set_mask(entry.id, np.ones(entry.shape, np.uint8), [0, 1], ("pool",))
"""


def check_agree(cohort: Cohort) -> None:
    """The file in its place is the one that every row names."""
    for entry in cohort.entries():
        assert array_digest(np.asarray(cohort.mask_arrays.read(entry.id))) == entry.mask_digest
        np.testing.assert_array_equal(cohort.mask(entry), cohort.mask_arrays.read(entry.id))


@pytest.mark.parametrize(("step", "is_new"), [("_update", False), ("_settle", True)])
def test_killed_between_file_and_row_the_next_opening_has_them_agree(tmp_path, found, step, is_new):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(mask=True))
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, tmp_path, step], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "there\n"
        process.kill()
    with Cohort.open(tmp_path) as cohort:
        check_agree(cohort)
        (after,) = cohort.entries()
        assert (after != entry) == is_new
        assert after.mask_classes == (("pool",) if is_new else entry.mask_classes)


def test_what_a_killed_writer_left_goes_once_it_is_old(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(mask=True))
        cohort._waiting.write(entry.id, "0" * 64, np.ones(entry.shape, np.uint8))
    (left,) = (tmp_path / "masks" / "next").iterdir()
    Cohort.open(tmp_path).close()
    assert left.exists()  # its writer may live
    os.utime(left, (0, 0))
    with Cohort.open(tmp_path) as cohort:
        check_agree(cohort)
    assert not left.exists()


def test_a_mask_is_read_before_it_is_in_its_place(tmp_path: Path, found, monkeypatch):
    with Cohort.open(tmp_path) as cohort, monkeypatch.context() as patch:
        patch.setattr(Cohort, "_settle", lambda *_: None)
        entry = cohort.add(found(mask=True))
        np.testing.assert_array_equal(cohort.mask(entry), found(mask=True).stack.mask)


def test_writers_at_once_leave_the_mask_that_the_index_names(tmp_path, found):
    with Cohort.open(tmp_path) as cohort:
        entry = cohort.add(found(mask=True))

    def write(own: int) -> None:
        with Cohort.open(tmp_path) as cohort:
            for turn in range(6):
                cohort.set_mask(entry.id, np.full(entry.shape, (own + turn) % 4, np.uint8), [turn % 2])

    writers = [threading.Thread(target=write, args=(own,)) for own in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with Cohort.open(tmp_path) as cohort:
        check_agree(cohort)
        assert not list((tmp_path / "masks" / "next").iterdir())
