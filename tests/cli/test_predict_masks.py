"""A model that segments, from the command line: what is shown, written and refused."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgraft.core.lineage import Lineage
from medgraft.core.spreadsheet import read_sheet
from medgraft.core.task import LV_WALL
from medgraft.exchange import Seen
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.images import write_nifti
from medgraft.networks.segmenter import build_segmenter
from medgraft.phantoms import short_axis_heart
from medgraft.recipe import PercentileWindow, VolumeRecipe
from medgraft.workspace import Project

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that has learned nothing, and one new scan of it."""
    folder = tmp_path_factory.mktemp("place")
    recipe = VolumeRecipe(shape=(1, 32, 32), spacing=None, window=PercentileWindow())
    package = ModelPackage(
        name="walls", task=LV_WALL, network="unet2d", recipe=recipe, lineage=Lineage(), figures={}, seen=Seen(),
        state=build_segmenter("unet2d", n_classes=3).state_dict(),
    )  # fmt: skip
    write_package(package, folder / "walls")
    write_nifti(folder / "scans" / "P1.nii.gz", short_axis_heart(subject=1, size=32, n_phases=2, n_slices=3).stack)
    return folder


def test_of_one_subject_it_is_said_that_figures_are_not_compared(medgraft: Run, place: Path, tmp_path: Path) -> None:
    scans = tmp_path / "scans"
    write_nifti(scans / "P1.nii.gz", short_axis_heart(subject=1, size=32, n_phases=2, n_slices=3).stack,
                scans / "P1_gt.nii.gz")  # fmt: skip
    assert medgraft("import", scans, "--project", tmp_path / "heart", cwd=tmp_path).code == 0
    done = medgraft("measure", "--project", tmp_path / "heart", "--model", place / "walls", cwd=tmp_path)
    assert "one subject alone has both masks" in done.out
    assert "Pearson" not in done.out


def test_what_a_model_sees_is_shown_written_and_drawn(medgraft: Run, place: Path, tmp_path: Path) -> None:
    done = medgraft("predict", "walls", "scans", "--out", tmp_path / "out", "--csv", tmp_path / "a.csv", cwd=place)
    assert done.code == 0
    assert {path.name for path in (tmp_path / "out").glob("*.nii.gz")} == {"P1_gt.nii.gz"}
    assert f"written: {tmp_path / 'out' / 'P1_gt.nii.gz'}" in done.out
    assert f"written: {tmp_path / 'a.csv'}" in done.out
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    (mask,) = json.loads(medgraft("predict", "walls", "scans", "--json", cwd=place).out)["masks"]
    assert (row["subject"], row["stack"]) == ("P1", mask["stack"])
    assert float(row["EDV, ml"]) == pytest.approx(mask["measured"]["edv_ml"], abs=1e-3)
    assert "no phase is named ed" in row["notes"]
    assert "no phase is named ed" in done.out


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Slices as pictures of unknown spacing, two index tables that name their patient differently, a secret."""
    folder = tmp_path_factory.mktemp("pictures")
    names = [f"visit-P7/{phase}-{number}.png" for phase in (0, 1) for number in (1, 2, 3)]
    (folder / "visit-P7").mkdir()
    for at, name in enumerate(names):
        grey = np.random.default_rng(at).integers(0, 255, (32, 32), np.uint8)
        Image.fromarray(grey).save(folder / name)
    for subject in ("Ada", "Grace"):
        rows = [f"{name},{subject},sax,{name[-7]},{name[-5]}" for name in names]
        (folder / f"{subject}.csv").write_text("\n".join(["path,subject,series,phase,slice", *rows, ""]))
    (folder / "phases.csv").write_text("subject,ed,es\nAda,0,1\n")
    (folder / "secret").write_text("a long secret")
    return folder


@pytest.mark.parametrize(
    "options",
    [
        ["--table", "Ada.csv", "--phases", "phases.csv", "--spacing", "8,1.5,1.5"],
        ["--table", "Ada.csv", "--phases", "phases.csv", "--pseudonym-key", "secret"],
        ["--layout", "imagefolder", "--subject-pattern", "visit-(P[0-9]+)/"],
    ],
    ids=["table", "pseudonyms", "pattern"],
)
def test_a_folder_is_predicted_as_it_is_imported(
    medgraft: Run, place: Path, pictures: Path, tmp_path: Path, options: list[str]
) -> None:
    done = medgraft("predict", place / "walls", ".", "--all-phases", "--json", *options, cwd=pictures)
    assert done.code == 0, done.err
    masks = json.loads(done.out)["masks"]
    medgraft("import", ".", "-P", tmp_path / "heart", "--short-axis", *options, cwd=pictures)
    with Project.open(tmp_path / "heart").cohort() as cohort:
        imported = {(entry.subject, entry.id) for entry in cohort.entries()}
    assert {(mask["subject"], mask["stack"]) for mask in masks} == imported
    for mask in masks if "--phases" in options else ():
        assert mask["phases"] == ["ed", "es"]
    for mask in masks if "--spacing" in options else ():
        assert mask["measured"]["edv_ml"] is not None


def test_no_name_of_a_foreign_file_is_a_formula_of_the_sheet(medgraft: Run, place: Path, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    shutil.copy(place / "scans" / "P1.nii.gz", tmp_path / "scans" / "=1+1.nii.gz")
    medgraft("predict", place / "walls", "scans", "--csv", "a.csv", cwd=tmp_path)
    ((_, row),) = read_sheet(tmp_path / "a.csv").rows
    assert row["subject"] == "=1+1"
    assert "\n'=1+1," in (tmp_path / "a.csv").read_text()


def test_notes_that_say_the_same_are_one_line(medgraft: Run, place: Path, tmp_path: Path) -> None:
    for name in "ABCD":
        shutil.copy(place / "scans" / "P1.nii.gz", tmp_path / f"{name}.nii.gz")
    lines = medgraft("predict", "walls", tmp_path, cwd=place).out.splitlines()
    (line,) = [line for line in lines if "no phase is named ed" in line]
    assert line.split()[:2] == ["noticed", "4"]
    assert "A, B, C and 1 more" in line


def test_a_mask_that_is_there_ends_the_command_before_it_computes(medgraft: Run, place: Path, tmp_path: Path) -> None:
    (tmp_path / "P1_gt.nii.gz").write_bytes(b"by hand")
    done = medgraft("predict", "walls", "scans", "--out", tmp_path, cwd=place)
    assert done.code == 1
    assert "--replace" in done.err
    assert (tmp_path / "P1_gt.nii.gz").read_bytes() == b"by hand"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["predict", "walls", "scans", "--images"], "--out"),
        (["predict", "walls", "scans", "--replace"], "--out"),
        (["predict", "walls", "scans", "--phase", "ed", "--all-phases"], "either"),
        (["masks", "export", "--out", "out", "--phase", "ed"], "--model"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    medgraft: Run, place: Path, arguments: list[str], said: str
) -> None:
    done = medgraft(*arguments, cwd=place)
    assert done.code == 2
    assert said in done.err


def test_masks_of_a_project_are_written(medgraft: Run, place: Path, tmp_path: Path) -> None:
    assert medgraft("import", "scans", "-P", tmp_path / "heart", cwd=place).code == 0
    refused = medgraft("masks", "export", "--out", tmp_path / "own", "-P", tmp_path / "heart", cwd=place)
    assert refused.code == 1
    assert "name a model that segments" in refused.err
    done = medgraft(
        "masks", "export", "--model", "walls", "--out", tmp_path / "seen", "--images", "-P", tmp_path / "heart",
        cwd=place,
    )  # fmt: skip
    assert done.code == 0
    assert "1 mask written, each beside its image" in done.out
    assert len(list((tmp_path / "seen" / "P1").glob("P1-*.nii.gz"))) == 2
