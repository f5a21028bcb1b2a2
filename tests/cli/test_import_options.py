"""What a source cannot say about its masks is said on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from medgraft.core.task import MASK_CODES
from medgraft.workspace import Project

Run = Callable[..., Any]


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    """One image of two phases; its mask has the codes 500 and 205 at phase 1 alone."""
    folder = tmp_path / "coded"
    folder.mkdir()
    pixels = np.arange(6 * 5 * 4 * 2, dtype=np.int16).reshape(6, 5, 4, 2)
    mask = np.zeros(pixels.shape, np.int16)
    mask[2, 2, :, 1], mask[3, 2, :, 1] = 500, 205
    nibabel.save(nibabel.Nifti1Image(pixels, np.diag([2, 2, 2, 1])), folder / "a.nii.gz")
    nibabel.save(nibabel.Nifti1Image(mask, np.diag([2, 2, 2, 1])), folder / "a_seg.nii.gz")
    return folder


@pytest.mark.parametrize(
    ("options", "phases", "classes"),
    [
        (["--mask-codes", "500=pool, 205=myocardium"], (1,), ("pool", "myocardium")),
        (["--mask-codes", "500=pool,205=background"], (1,), ("pool",)),
        (["--mask-codes", "500=pool,205=rv", "--empty-phases-labelled"], (0, 1), ("pool", "rv")),
    ],
)
def test_codes_classes_and_empty_phases(
    medgraft: Run, coded: Path, options: list[str], phases: tuple[int, ...], classes: tuple[str, ...]
) -> None:
    done = medgraft("import", coded, "--project", "heart", "--json", *options, cwd=coded.parent)
    assert done.code == 0, done.err
    assert json.loads(done.out)["added"][0]["masks"] == len(phases)
    with Project.open(coded.parent / "heart").cohort() as cohort:
        (entry,) = cohort.entries()
        found = set(np.unique(cohort.mask(entry)).tolist())
    assert (entry.mask_phases, entry.mask_classes) == (phases, classes)
    assert found == {0} | {MASK_CODES[name] for name in classes}


def test_classes_that_a_mask_labels_without_showing_them(medgraft: Run, coded: Path) -> None:
    options = ["--mask-codes", "500=pool,205=background", "--mask-classes", "pool,rv"]
    assert medgraft("import", coded, "--project", "heart", *options, cwd=coded.parent).code == 0
    with Project.open(coded.parent / "heart").cohort() as cohort:
        assert cohort.entries()[0].mask_classes == ("pool", "rv")


def test_without_codes_a_mask_that_is_not_understood_is_left_out_with_a_note(medgraft: Run, coded: Path) -> None:
    done = medgraft("import", coded, "--project", "heart", "--json", cwd=coded.parent)
    said = json.loads(done.out)
    assert said["added"][0]["masks"] == 0
    assert any("mask codes" in note["text"] for note in said["notes"])


def test_codes_of_a_class_that_is_not_known_are_refused(medgraft: Run, coded: Path) -> None:
    done = medgraft("import", coded, "--project", "heart", "--mask-codes", "500=heart", cwd=coded.parent)
    assert done.code == 1
    assert "Available: background, pool" in done.err


@pytest.mark.parametrize(
    ("secret", "code", "said"), [(b"\xff" * 32, 2, "openssl rand"), (b"", 1, "8 characters")], ids=["bytes", "empty"]
)
def test_a_key_that_hides_nobody_is_refused(medgraft: Run, coded: Path, secret: bytes, code: int, said: str) -> None:
    (coded.parent / "secret").write_bytes(secret)
    done = medgraft("import", coded, "-P", "heart", "--pseudonym-key", "secret", cwd=coded.parent)
    assert done.code == code
    assert said in " ".join(done.err.replace("│", "").split())
    assert not (coded.parent / "heart").exists()
