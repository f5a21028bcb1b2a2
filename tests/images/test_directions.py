"""Which way the patient's axes run is known where the file says so, and never made up."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import UltrasoundImageStorage

from medgraft.core.stack import Stack
from medgraft.images import read_nifti, write_dicom_series, write_nifti


def ultrasound(folder: Path, stack: Stack) -> Path:
    """Images of a stack as ultrasound sends them: pixels of a known size, anywhere."""
    who = {"patient_id": "p1", "series_description": "echo", "manufacturer": "Acme", "seed": 3}
    for path in write_dicom_series(folder, stack, **who):
        dataset = dcmread(path)
        dataset.Modality, dataset.SOPClassUID = "US", UltrasoundImageStorage
        del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
        dataset.save_as(path)
    return folder


def test_dicom_without_a_place_has_a_spacing_and_no_directions(tmp_path: Path, make_stack, read_tree) -> None:
    found, _ = read_tree(ultrasound(tmp_path, make_stack(n_phases=1)))
    assert len(found) == 4
    for stack in (item.stack for item in found):
        assert (stack.directions_known, stack.spacing[1:]) == (False, (1.3, 1.4))


def test_dicom_with_a_place_has_directions(tmp_path: Path, make_stack, read_tree) -> None:
    who = {"patient_id": "p1", "series_description": "cine", "manufacturer": "Acme", "seed": 3}
    write_dicom_series(tmp_path, make_stack(), **who)
    [found], _ = read_tree(tmp_path)
    assert found.stack.directions_known


Edit = Callable[[nib.Nifti1Header], object]

#: What is done to the header of an oblique volume -> whether directions are known.
HEADERS: dict[str, tuple[Edit, bool]] = {
    "as nibabel writes it": (lambda header: None, True),
    "a quaternion alone": (lambda header: (header.set_qform(header.get_sform(), 1), header.set_sform(None, 0)), True),
    "no codes": (lambda header: (header.set_sform(None, 0), header.set_qform(None, 0)), False),
    "a placeholder": (
        lambda header: (header.set_sform(np.diag([-1, -1, 1, 1])), header.set_zooms((1.5, 1.5, 9))),
        False,
    ),
    "voxels of 1 mm": (lambda header: (header.set_sform(np.diag([-1, -1, 1, 1])), header.set_zooms((1, 1, 1))), True),
}


@pytest.mark.parametrize("name", HEADERS)
def test_nifti_says_by_its_codes_whether_directions_are_known(tmp_path: Path, name: str) -> None:
    edit, known = HEADERS[name]
    turned = np.array([[0.0, -1.1, 0, 5], [1.1, 0, 0, 6], [0, 0, 7, 7], [0, 0, 0, 1]])
    header = nib.Nifti1Image(np.zeros((4, 3, 2), np.int16), turned).header
    edit(header)
    nib.Nifti1Image(np.zeros((4, 3, 2), np.int16), None, header).to_filename(tmp_path / "a.nii")
    assert read_nifti(tmp_path / "a.nii").directions_known == known


@pytest.mark.parametrize("known", [True, False])
def test_what_is_known_of_directions_is_written_and_read_again(tmp_path: Path, make_stack, known: bool) -> None:
    stack = replace(make_stack(), directions_known=known)
    write_nifti(tmp_path / "a.nii.gz", stack)
    found = read_nifti(tmp_path / "a.nii.gz")
    assert found.directions_known == known
    np.testing.assert_allclose(found.affines, stack.affines, atol=1e-4)
    header = nib.load(tmp_path / "a.nii.gz").header
    codes = (int(header["qform_code"]), int(header["sform_code"]))
    assert codes == ((1, 1) if known else (0, 2))  # of unknown directions, aligned with other files alone
