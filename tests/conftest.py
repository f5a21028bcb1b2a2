"""What all tests share: no network, no display, no clock for hypothesis, real data, one browser, RT structure sets."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

# Machines that run tests are shared: time per example says nothing there. Examples are the same in every run.
patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("medgraft", derandomize=True, database=None, **patient)
settings.load_profile("medgraft")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real images beside the repository; tests that ask for it skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real images are not beside this checkout (../shared/data)")
    return folder


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Browser]":
    """The one browser of a test process: Playwright allows no second one beside it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


#: A contour in the patient: points (N, 3) in LPS mm, and the SOPInstanceUID of its image or "".
Contour = tuple[np.ndarray, str]


@pytest.fixture(scope="session")
def write_rtstruct() -> Callable[[Path, str, Mapping[str, Sequence[Contour]]], Path]:
    """Write an RT structure set as planning systems do: a file, whose it is, and the contours of regions by name."""

    def write(path: Path, subject: str, regions: Mapping[str, Sequence[Contour]]) -> Path:
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = RTStructureSetStorage, "1.2.3"
        dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.PatientID = RTStructureSetStorage, "1.2.3", subject
        named, drawn = [Dataset() for _ in regions], [Dataset() for _ in regions]
        for number, (name, contours) in enumerate(regions.items()):
            named[number].ROINumber, named[number].ROIName = number, name
            drawn[number].ReferencedROINumber = number
            drawn[number].ContourSequence = [_contour(*contour) for contour in contours]
        dataset.StructureSetROISequence, dataset.ROIContourSequence = named, drawn
        dataset.save_as(path, enforce_file_format=True)
        return path

    return write


def _contour(points: np.ndarray, uid: str) -> Dataset:
    contour, image = Dataset(), Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(points)
    contour.ContourData = [f"{value:.4f}" for value in np.ravel(points)]
    image.ReferencedSOPInstanceUID = uid
    contour.ContourImageSequence = [image] if uid else []
    return contour
