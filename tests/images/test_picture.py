"""Pictures become grey images."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgraft.core.errors import ImageError
from medgraft.core.seeds import rng
from medgraft.images import picture, read_picture

GREY = rng("grey").integers(0, 256, (7, 9)).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_grey_pictures_keep_their_values(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(GREY).save(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(read_picture(tmp_path / f"a{suffix}"), GREY)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_are_kept(tmp_path: Path, suffix: str) -> None:
    deep = GREY.astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / f"a{suffix}")
    found = read_picture(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(found, deep)
    assert found.dtype == np.uint16


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "1"])
def test_any_mode_becomes_grey(tmp_path: Path, mode: str) -> None:
    grey = np.where(GREY > 127, 255, 0).astype(np.uint8)
    Image.fromarray(grey).convert(mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png"), grey)


def test_jpeg_is_close(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(read_picture(tmp_path / "a.jpg").astype(int), smooth, atol=4)


@pytest.mark.parametrize("n_bytes", [0, 8, 60])
def test_a_picture_cut_short_is_refused(tmp_path: Path, n_bytes: int) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:n_bytes])
    with pytest.raises(ImageError, match=r"a\.png"):
        read_picture(tmp_path / "a.png")


def test_a_damaged_header_is_refused_and_nothing_else_is_said(tmp_path: Path) -> None:
    """Warnings are errors here, and on a user's screen they would name the folder."""
    Image.fromarray(GREY).save(tmp_path / "a.tif")
    raw = bytearray((tmp_path / "a.tif").read_bytes())
    sizes = []
    for at in range(0, 200, 4):
        (tmp_path / "b.tif").write_bytes(raw[:at] + b"\xff\xff\xff\xff" + raw[at + 4 :])
        with suppress(ImageError):
            sizes.append(read_picture(tmp_path / "b.tif").shape)
    assert 0 < len(sizes) < 50
    assert {len(size) for size in sizes} == {2}


def test_an_absurd_size_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    monkeypatch.setattr(picture, "MAX_PIXELS", 60)
    with pytest.raises(ImageError, match="60 pixels"):
        read_picture(tmp_path / "a.png")


def test_a_file_of_several_pages_is_refused_rather_than_read_in_part(tmp_path: Path) -> None:
    page = Image.fromarray(GREY)
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page])
    with pytest.raises(ImageError, match="got 2 pages"):
        read_picture(tmp_path / "a.tif")


def test_of_a_file_that_is_no_picture_only_the_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(ImageError) as told:
        read_picture(tmp_path / "a.png")
    assert str(tmp_path) not in str(told.value)
