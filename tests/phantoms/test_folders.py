"""What the writers leave on disk is read back as the same patient."""

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medgraft.core.cohort import ImportNote
from medgraft.core.errors import InputError
from medgraft.core.task import MASK_CODES
from medgraft.images import read_dicom_tree, read_nifti
from medgraft.phantoms import ACDC_CODES, PhantomHeart, short_axis_heart, write_acdc_layout, write_dicom

SMALL = {"size": 40, "n_phases": 3}
WRITERS = [write_dicom, write_acdc_layout]


def subject(number: int, site: str = "a") -> PhantomHeart:
    return short_axis_heart(subject=number, site=site, **SMALL)


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text().splitlines()))


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("site", ["a", "b"])
def test_dicom_is_read_back_to_the_same_grid(site: str, tmp_path: Path) -> None:
    write_dicom(tmp_path, 1, site=site, **SMALL)
    notes: list[ImportNote] = []
    [found] = read_dicom_tree(sorted((tmp_path / "dicom").rglob("*.dcm")), tmp_path, notes.append)
    heart = subject(1, site)
    assert found.subject == heart.subject
    assert found.stack.base_first
    np.testing.assert_array_equal(found.stack.pixels, heart.stack.pixels)
    np.testing.assert_allclose(found.stack.affines, heart.stack.affines, atol=1e-6)
    np.testing.assert_allclose(found.stack.spacing, heart.stack.spacing, atol=1e-6)
    np.testing.assert_allclose(found.stack.times, heart.stack.times)
    assert found.stack.facts["Manufacturer"] == heart.stack.facts["Manufacturer"]
    assert [note for note in notes if note.kind in ("refused", "set aside", "repaired")] == []


def test_masks_lie_on_the_images(tmp_path: Path) -> None:
    write_dicom(tmp_path, 1, **SMALL)
    heart, mask = subject(1), read_nifti(tmp_path / "masks" / "a001.nii.gz")
    np.testing.assert_array_equal(mask.pixels, heart.stack.mask)
    np.testing.assert_allclose(mask.affines, heart.stack.affines, atol=1e-3)


@pytest.mark.parametrize("write", WRITERS)
def test_truth_has_a_row_for_every_slice_and_every_volume(write: Callable, tmp_path: Path) -> None:
    write(tmp_path, 2, **SMALL)
    slices = rows_of(tmp_path / "truth.csv")
    volumes = rows_of(tmp_path / "truth_volumes.csv")
    hearts = [subject(1), subject(2)]
    assert [row["class"] for row in slices] == [code for heart in hearts for code in heart.slice_classes.flat]
    assert [row["level"] for row in slices] == [code for heart in hearts for code in heart.levels.flat]
    assert {row["phase_name"] for row in slices if row["phase"] == "0"} == {"ed"}
    exact = np.concatenate([heart.volumes_ml for heart in hearts])
    np.testing.assert_allclose([float(row["volume_ml"]) for row in volumes], exact, atol=1e-3)


def test_acdc_layout_holds_both_frames_in_the_codes_of_acdc(tmp_path: Path) -> None:
    [home] = write_acdc_layout(tmp_path, 1, **SMALL)
    info = dict(line.split(": ") for line in (home / "Info.cfg").read_text().splitlines())
    heart = subject(1)
    assert list(info) == ["ED", "ES", "Group", "Height", "NbFrame", "Weight"]
    for name in ("ED", "ES"):
        frame, phase = f"patient001_frame{int(info[name]):02d}", heart.stack.phases[name.lower()]
        image, truth = (np.asarray(nib.load(home / f"{frame}{end}.nii.gz").dataobj).T for end in ("", "_gt"))
        np.testing.assert_array_equal(image, heart.stack.pixels[phase])
        for part, code in ACDC_CODES.items():
            np.testing.assert_array_equal(truth == code, heart.stack.mask[phase] == MASK_CODES[part])


@pytest.mark.parametrize("write", WRITERS)
def test_written_twice_gives_the_same_bytes(write: Callable, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, 2, **SMALL)
    first = digests(tmp_path / "one")
    assert first == digests(tmp_path / "two")
    assert len(set(first.values())) == len(first)


@pytest.mark.parametrize("write", WRITERS)
def test_no_subjects_are_refused(write: Callable, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least 1 subject"):
        write(tmp_path, 0)
