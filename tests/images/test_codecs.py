"""Compressed samples of other writers, against the same image uncompressed; and a decoder that does not answer."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels import get_decoder
from pydicom.uid import UID, JPEG2000Lossless, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from medgraft.images import decode, pixel_reader, write_dicom_series
from medgraft.images.frames import read_frames
from medgraft.images.pixel_reader import PixelReader
from medgraft.images.problem import UnusableFileError

#: Three images; OpenJPEG's encoder refuses images smaller than its 32 x 32.
SLICES = {"n_phases": 1, "steps": (8.0, 8.0), "size": (36, 40)}

#: The decoding process, with a codec that writes to standard output as C code does.
CHATTY = """
import os
from medgraft.images import decode
quiet = decode.decode
decode.decode = lambda *request: (os.write(1, b"warning"), quiet(*request))[1]
decode.serve()
"""


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


@pytest.fixture
def compressed(tmp_path: Path, make_stack, jpeg_lossless) -> Callable[[UID, str], Path]:
    """A series of 3 files compressed by GDCM (JPEG Lossless), pyjpegls, OpenJPEG or pydicom (RLE)."""

    def write(syntax: UID, dtype: str) -> Path:
        who = {"patient_id": "p", "series_description": "sax", "manufacturer": "m", "seed": 1}
        for file in write_dicom_series(tmp_path / "series", make_stack(dtype=dtype, **SLICES), **who):
            if syntax == JPEGLosslessSV1:
                jpeg_lossless(file)
                continue
            dataset = dcmread(file)
            dataset.compress(syntax, generate_instance_uid=False)
            dataset.save_as(file)
        return tmp_path / "series"

    return write


@pytest.fixture(scope="module")
def reader() -> Iterator[PixelReader]:
    """One decoding process for all codecs, as in an import."""
    with PixelReader() as reader:
        yield reader


@pytest.mark.parametrize("dtype", ["int16", "uint16", "uint8"])
@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_a_lossless_codec_gives_back_every_value(compressed, make_stack, reader, syntax: UID, dtype: str) -> None:
    folder = compressed(syntax, dtype)
    assert {dcmread(file).file_meta.TransferSyntaxUID for file in folder.iterdir()} == {syntax}
    images = [reader.read(read_frames(file, folder)) for file in sorted(folder.iterdir())]
    np.testing.assert_array_equal(np.stack(images, axis=1), make_stack(dtype=dtype, **SLICES).pixels)


@pytest.mark.parametrize(("syntax", "plugin"), decode.PLUGINS.items())
def test_every_named_plugin_is_installed(syntax: UID, plugin: str) -> None:
    assert plugin in get_decoder(syntax).available_plugins


def test_twelve_bit_jpeg_is_refused_with_what_to_install(tmp_path: Path, read_tree) -> None:
    if decode.find_spec("libjpeg") is not None:
        pytest.skip("The extra gpl-codecs is installed: it decodes these files.")
    _, notes = read_tree(_stack_of("JPGExtended.dcm", tmp_path))
    [text] = {note.text for note in notes if note.code == "needs-codec"}
    assert "medgraft[gpl-codecs]" in text


def test_a_crash_in_a_codec_is_one_file_lost_and_the_next_is_read(compressed) -> None:
    files = sorted(compressed(RLELossless, "int16").iterdir())
    first, second, third = (read_frames(file, file.parent) for file in files)
    with PixelReader() as reader:
        expected = reader.read(first)
        os.kill(_process_of(reader), signal.SIGABRT)
        with pytest.raises(UnusableFileError, match="crashed"):
            reader.read(second)
        assert reader.read(third).shape == expected.shape
        np.testing.assert_array_equal(reader.read(first), expected)


def test_no_program_of_the_folder_that_one_works_in_is_run(compressed, tmp_path: Path, monkeypatch) -> None:
    """A disc with images may hold anything, and one may well be in it while importing."""
    frames = read_frames(next(compressed(RLELossless, "int16").iterdir()), tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with PixelReader() as reader:
        assert reader.read(frames).any()


def _process_of(reader: PixelReader) -> int:
    assert reader._process is not None
    return reader._process.pid


def test_what_a_codec_prints_does_not_reach_the_answers(compressed, monkeypatch) -> None:
    frames = read_frames(next(compressed(RLELossless, "int16").iterdir()), Path("/"))
    expected = decode.decode(frames[0].path, [0])
    monkeypatch.setattr(pixel_reader, "PROGRAM", CHATTY)
    with PixelReader() as reader:
        np.testing.assert_array_equal(reader.read(frames), expected)


@pytest.mark.parametrize("sample", ["SC_rgb_rle.dcm", "SC_ybr_full_422_uncompressed.dcm"])
def test_colour_becomes_grey_with_a_note(tmp_path: Path, read_tree, sample: str) -> None:
    [found], notes = read_tree(_stack_of(sample, tmp_path))
    red = dcmread(get_testdata_file(sample, download=False)).pixel_array[..., 0]
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
