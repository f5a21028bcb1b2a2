"""Compressed samples of other writers, against the same image uncompressed; and a decoder that does not answer."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from medgraft.images import pixel_reader, write_dicom_series


def _stack_of(sample: str, folder: Path) -> Path:
    """Two slices made of one of pydicom's sample files."""
    for z in range(2):
        dataset = dcmread(get_testdata_file(sample, download=False))
        dataset.Modality, dataset.SOPInstanceUID = "MR", f"2.25.{z + 1}"
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, 5 * z], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.ImageType = [1, 1], ["ORIGINAL", "PRIMARY"]
        dataset.save_as(folder / str(z))
    return folder


@pytest.mark.parametrize(
    "sample",
    ["MR_small_jpeg_ls_lossless.dcm", "MR_small_jp2klossless.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm"],
)
def test_a_losslessly_compressed_sample_equals_the_plain_one(tmp_path: Path, read_tree, sample: str) -> None:
    [found], _ = read_tree(_stack_of(sample, tmp_path))
    plain = dcmread(get_testdata_file("MR_small.dcm", download=False)).pixel_array
    np.testing.assert_array_equal(found.stack.pixels, np.stack([[plain, plain]]))


def test_colour_becomes_grey_with_a_note(tmp_path: Path, read_tree) -> None:
    [found], notes = read_tree(_stack_of("SC_rgb_rle.dcm", tmp_path))
    red = dcmread(get_testdata_file("SC_rgb_rle.dcm", download=False)).pixel_array[..., 0]
    assert found.stack.pixels.shape[2:] == red.shape
    assert "colour-to-grey" in {note.code for note in notes}


def test_a_decoder_that_does_not_answer_is_stopped(tmp_path: Path, make_stack, read_tree, monkeypatch) -> None:
    folder = _stack_of("MR_small_jpeg_ls_lossless.dcm", tmp_path)
    monkeypatch.setattr(pixel_reader, "PATIENCE", -0.99)  # a hundredth of a second for a file of one frame
    write_dicom_series(
        folder / "plain", make_stack(), patient_id="p", series_description="sax", manufacturer="m", seed=1
    )
    found, notes = read_tree(folder)
    assert [item.subject for item in found] == ["p"]
    assert [note.code for note in notes if note.kind == "refused"] == ["undecodable"] * 2
