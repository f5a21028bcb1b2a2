"""Imports that are killed, and imports side by side, leave a cohort that is sound and can be completed."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from medgraft.cohort import Cohort, import_source
from medgraft.core.digest import array_digest
from medgraft.core.seeds import rng

N_STACKS = 60
SCRIPT = """
import sys
from pathlib import Path
from medgraft.cohort import Cohort, import_source
print("ready", flush=True)
sys.stdin.readline()
with Cohort.open(Path(sys.argv[2])) as cohort:
    import_source(Path(sys.argv[1]), cohort, layout="nifti")
"""


@pytest.fixture(scope="module")
def incoming(tmp_path_factory) -> Path:
    """Sixty NIfTI files with masks."""
    import nibabel

    root = tmp_path_factory.mktemp("incoming")
    for n in range(N_STACKS):
        voxels = rng("killed", n).integers(0, 900, (64, 64, 8), np.int16)
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), root / f"sub-{n:02d}_bold.nii")
        mask = (voxels % 4).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), root / f"sub-{n:02d}_bold_gt.nii")
    return root


def start(incoming: Path, project: Path) -> subprocess.Popen[str]:
    """An import in a process of its own, which waits for a line before it begins."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, incoming, project], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def check_sound(cohort: Cohort) -> None:
    """Every entry has its pixels and its mask, whole."""
    for entry in cohort.entries():
        assert array_digest(np.asarray(cohort.pixels(entry))) == entry.pixels_digest
        mask = cohort.mask(entry)
        assert mask is not None
        np.testing.assert_array_equal(mask, cohort.pixels(entry) % 4)


@pytest.mark.slow
def test_killed_at_any_moment_then_completed(incoming, tmp_path):
    with Cohort.open(tmp_path / "calm") as calm:
        started = time.monotonic()
        import_source(incoming, calm, layout="nifti")
        took = time.monotonic() - started
        expected = calm.entries()
    seen = []
    for share in rng("moments").uniform(0, 1, 5):
        process = start(incoming, tmp_path / "project")
        go(process)
        time.sleep(float(share) * took / 3)
        process.kill()
        process.communicate()
        with Cohort.open(tmp_path / "project") as cohort:
            check_sound(cohort)
            seen.append(len(cohort))
    assert seen == sorted(seen)
    with Cohort.open(tmp_path / "project") as cohort:
        report = import_source(incoming, cohort, layout="nifti")
        assert (len(report.known), len(report.added)) == (seen[-1], N_STACKS - seen[-1])
        check_sound(cohort)
        assert cohort.entries() == expected
        assert cohort.imports()[-1].finished
        assert not all(record.finished for record in cohort.imports())


@pytest.mark.slow
def test_two_imports_at_once_do_no_harm(incoming, tmp_path):
    processes = [start(incoming, tmp_path) for _ in range(2)]
    for process in processes:
        go(process)
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with Cohort.open(tmp_path) as cohort:
        check_sound(cohort)
        assert len(cohort) == N_STACKS
        first, second = cohort.imports()
        assert (first.added + second.added, first.finished, second.finished) == (N_STACKS, True, True)
        assert not list(tmp_path.rglob("*.tmp"))
