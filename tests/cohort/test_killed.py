"""Imports that are killed, and imports side by side, leave a cohort that is sound and can be completed."""

import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from medgraft.cohort import Cohort, import_source
from medgraft.core.digest import array_digest
from medgraft.core.seeds import rng

N_STACKS = 16
#: After how many files an import is killed, then the next one, and the last.
KILLED_AT = (2, 8, 13)

#: An import that waits for a line before it begins, and after each file.
SCRIPT = """
import sys
from pathlib import Path
from medgraft.cohort import Cohort, import_source
def wait(*said):
    print(*said, flush=True)
    sys.stdin.readline()
wait("ready")
with Cohort.open(Path(sys.argv[2])) as cohort:
    import_source(Path(sys.argv[1]), cohort, layout="nifti", report=lambda progress: wait(progress.done))
"""


@pytest.fixture(scope="module")
def incoming(tmp_path_factory) -> Path:
    """NIfTI files with masks."""
    root = tmp_path_factory.mktemp("incoming")
    for n in range(N_STACKS):
        voxels = rng("killed", n).integers(0, 900, (64, 64, 8), np.int16)
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), root / f"sub-{n:02d}_bold.nii")
        mask = (voxels % 4).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), root / f"sub-{n:02d}_bold_gt.nii")
    return root


def start(incoming: Path, project: Path) -> subprocess.Popen[str]:
    """The import in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, incoming, project], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def let(process: subprocess.Popen[str], n_files: int) -> None:
    """Let it begin, and go on after that many files."""
    process.stdin.write("\n" * (1 + n_files))
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
        import_source(incoming, calm, layout="nifti")
        expected = calm.entries()
    seen = []
    for n_files in KILLED_AT:
        process = start(incoming, tmp_path / "project")
        let(process, n_files)
        for _ in range(n_files):
            process.stdout.readline()
        process.kill()  # while it keeps that file, or waits after the next
        process.communicate()
        with Cohort.open(tmp_path / "project") as cohort:
            check_sound(cohort)
            seen.append(len(cohort))
    assert all(n - 1 <= there <= n for n, there in zip(KILLED_AT, seen, strict=True))
    with Cohort.open(tmp_path / "project") as cohort:
        report = import_source(incoming, cohort, layout="nifti")
        assert (len(report.known), len(report.added)) == (seen[-1], N_STACKS - seen[-1])
        check_sound(cohort)
        assert cohort.entries() == expected
        assert [record.finished for record in cohort.imports()] == [False] * 3 + [True]


@pytest.mark.slow
def test_two_imports_at_once_do_no_harm(incoming, tmp_path):
    processes = [start(incoming, tmp_path) for _ in range(2)]
    for process in processes:
        let(process, N_STACKS)
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with Cohort.open(tmp_path) as cohort:
        check_sound(cohort)
        assert len(cohort) == N_STACKS
        first, second = cohort.imports()
        assert (first.added + second.added, first.finished, second.finished) == (N_STACKS, True, True)
        assert not list(tmp_path.rglob("*.tmp"))
