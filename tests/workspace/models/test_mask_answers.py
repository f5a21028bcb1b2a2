"""A model that segments at work on new images: its masks come back as files where the images lie, and as figures."""

import dataclasses
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from medgraft.core.errors import InputError
from medgraft.core.lineage import Lineage
from medgraft.core.progress import Progress
from medgraft.core.stack import FoundStack, Stack
from medgraft.core.task import LV_WALL
from medgraft.exchange import Seen, Training, fingerprint
from medgraft.exchange.package import ModelPackage, read_package, write_package
from medgraft.images import write_dicom_series, write_nifti
from medgraft.inference import predict_masks
from medgraft.networks.segmenter import build_segmenter
from medgraft.phantoms import short_axis_heart
from medgraft.recipe import HuWindow, PercentileWindow, VolumeRecipe
from medgraft.workspace import ImportOptions, Project, import_images
from medgraft.workspace.measuring.running import measure_project
from medgraft.workspace.models.predicted import Answers
from medgraft.workspace.models.predicting import predict_folder
from medgraft.workspace.models.segmenting import export_model_masks

RECIPE = VolumeRecipe(spacing=None, shape=(1, 32, 32), window=PercentileWindow())


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A model of the wall with random weights, or one that sees `nothing`, with some facts changed."""

    def write(*, nothing: bool = False, **changes: object) -> Path:
        state = build_segmenter("unet2d", n_classes=3, key=1).state_dict()
        if nothing:
            state = {name: torch.zeros_like(tensor) for name, tensor in state.items()}
            state[list(state)[-1]][0] = 9.0  # the bias of the background's score
        facts = {"recipe": RECIPE, "lineage": Lineage(), "figures": {}, "seen": Seen(), **changes}
        made = ModelPackage(name="walls", task=LV_WALL, network="unet2d", state=state, **facts)  # type: ignore[arg-type]
        return write_package(made, tmp_path_factory.mktemp("model") / "walls")

    return write


@pytest.fixture(scope="module")
def model(package: Callable[..., Path]) -> Path:
    return package()


def heart(number: int, **changes: object) -> Stack:
    stack = short_axis_heart(subject=number, size=32, n_phases=2, n_slices=4).stack
    return dataclasses.replace(stack, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two subjects as NIfTI files in folders of their own, as no project knows them."""
    folder = tmp_path_factory.mktemp("files")
    for number in (1, 2):
        write_nifti(folder / f"P{number}" / "rest" / "sax.nii.gz", heart(number))
    return folder


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One subject as a DICOM series of two phases."""
    folder = tmp_path_factory.mktemp("series")
    write_dicom_series(folder, heart(3), patient_id="Müller/3", series_description="sax", manufacturer="x", seed=1)
    return folder


@pytest.fixture(scope="module")
def written(model: Path, series: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Answers, Path]:
    """What the model answers for the series, and the folder with its masks, images and sheets."""
    out = tmp_path_factory.mktemp("out")
    return predict_folder(model, series, sheets=out, masks=out, images=True), out


def seen_by(model: Path, pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    return predict_masks(read_package(model).segmenter(), RECIPE, pixels, None, dims=2)


def test_masks_beside_their_nifti_images_are_imported_as_the_model_drew_them(
    model: Path, files: Path, tmp_path: Path
) -> None:
    answers = predict_folder(model, files, masks=tmp_path / "out")
    assert sorted(mask.mask or "" for mask in answers.masks) == [
        str(tmp_path / "out" / f"P{number}/rest/sax_gt.nii.gz") for number in (1, 2)
    ]
    for mask in answers.masks:
        of_image, of_mask = (
            nib.load(path).affine.astype(np.float32)
            for path in (files / mask.subject / "rest" / "sax.nii.gz", mask.mask)
        )
        np.testing.assert_array_equal(of_image, of_mask)
    shutil.copytree(files, tmp_path / "both")
    shutil.copytree(tmp_path / "out", tmp_path / "both", dirs_exist_ok=True)
    project = Project.create(tmp_path / "again")
    assert {stack.id for stack in import_images(project, tmp_path / "both").added} == {
        mask.stack for mask in answers.masks
    }
    with project.cohort() as cohort:
        for entry in cohort.entries():
            np.testing.assert_array_equal(cohort.mask(entry), seen_by(model, cohort.pixels(entry)))


def test_a_dicom_series_written_with_its_mask_is_imported_as_it_was(
    model: Path, written: tuple[Answers, Path], tmp_path: Path
) -> None:
    answers, out = written
    (answer,) = answers.masks
    assert answer.subject == "Müller/3"
    assert answer.mask == str(out / "Müller%2F3" / f"sax-{answer.stack}_gt.nii.gz")
    project = Project.create(tmp_path / "again")
    import_images(project, out)
    with project.cohort() as cohort:
        (entry,) = cohort.entries()
        np.testing.assert_array_equal(cohort.pixels(entry), heart(3).pixels)
        np.testing.assert_array_equal(cohort.mask(entry), seen_by(model, heart(3).pixels))
        np.testing.assert_allclose(entry.affine_stack, heart(3).affines, atol=1e-3)


def test_figures_are_those_of_the_masks_when_they_are_measured(written: tuple[Answers, Path], tmp_path: Path) -> None:
    answers, out = written
    project = Project.create(tmp_path / "again")
    import_images(project, out, options=ImportOptions(short_axis=True))
    (answer,), (measured,) = answers.masks, measure_project(project).stacks
    assert (answer.measured.ed, answer.measured.es) == (measured.ed, measured.es)
    for field in ("edv_ml", "esv_ml", "stroke_ml", "ejection_percent", "mass_g"):
        assert getattr(answer.measured, field) == pytest.approx(getattr(measured, field), rel=1e-4)


def test_phases_are_all_unless_some_are_named(model: Path, series: Path, tmp_path: Path) -> None:
    every, one = (predict_folder(model, series, masks=tmp_path / name, phases=asked).masks[0]
                  for name, asked in (("every", ()), ("one", ("1",))))  # fmt: skip
    assert len(every.phases) == 2
    assert one.phases == ("1",)
    whole, part = (np.asanyarray(nib.load(str(answer.mask)).dataobj) for answer in (every, one))
    np.testing.assert_array_equal(part[..., 1], whole[..., 1])
    assert not part[..., 0].any()
    with pytest.raises(InputError, match=r"phases mid, got none\. Available: .*0 to 1\."):
        predict_folder(model, series, phases=("mid",))


def test_what_a_model_does_not_see_is_said(package: Callable[..., Path], series: Path, tmp_path: Path) -> None:
    found = predict_folder(package(nothing=True), series, sheets=tmp_path)
    (answer,) = found.masks
    assert answer.not_found == ("pool", "myocardium")
    assert answer.measured.ejection_percent is None
    assert found.sheets == (answer.sheet,)


def test_outlines_are_drawn_in_the_colours_of_their_classes(written: tuple[Answers, Path]) -> None:
    (sheet,) = written[0].sheets
    picture = np.asarray(Image.open(sheet).convert("RGB"), int)
    for item in LV_WALL.classes[1:]:
        colour = [int(item.colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert (abs(picture - colour).max(axis=-1) < 8).sum() > 200


def test_a_sheet_says_which_phases_were_measured_as_ed_and_es(
    model: Path, files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr("medgraft.workspace.models.mask_answers.png_of", lambda figure: drawn.append(figure) or b"")
    (tmp_path / "phases.csv").write_text("subject,ed,es\nP1,1,0\n")
    masks = predict_folder(model, files, sheets=tmp_path / "out", phases_file=tmp_path / "phases.csv").masks
    seen = {mask.subject: (mask.measured, headings(sheet)) for mask, sheet in zip(masks, drawn, strict=True)}
    assert seen["P1"][1] == ["ED", "ES"]
    unnamed, told = seen["P2"]
    assert told == [f"ED, phase {unnamed.ed}", f"ES, phase {unnamed.es}"]


def headings(sheet: Figure) -> list[str]:
    titles = (axes.get_title(loc="left").split("\n") for axes in sheet.axes)
    return [lines[0] for lines in titles if len(lines) == 2]


def test_a_mask_that_is_there_is_not_lost_unless_one_says_so(model: Path, files: Path, tmp_path: Path) -> None:
    there = tmp_path / "P2" / "rest" / "sax_gt.nii.gz"
    there.parent.mkdir(parents=True)
    there.write_bytes(b"corrected by hand")
    with pytest.raises(InputError, match="--replace"):
        predict_folder(model, files, masks=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [there]
    assert there.read_bytes() == b"corrected by hand"
    predict_folder(model, files, masks=tmp_path, replace=True)
    assert nib.load(there).shape == nib.load(files / "P2" / "rest" / "sax.nii.gz").shape


def test_images_are_not_written_over_those_they_were_read_from(model: Path, files: Path, tmp_path: Path) -> None:
    scans = shutil.copytree(files, tmp_path / "scans")
    before = {path: path.read_bytes() for path in scans.rglob("*.nii.gz")}
    for replace in (False, True):
        with pytest.raises(InputError, match="another folder"):
            predict_folder(model, scans, masks=tmp_path / "out" / ".." / "scans", images=True, replace=replace)
    assert {path: path.read_bytes() for path in scans.rglob("*.nii.gz")} == before


def test_an_interruption_keeps_what_is_finished_and_leaves_nothing_half(
    model: Path, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def interrupt(progress: Progress) -> None:
        if progress.stage == "phases" and list(out.rglob("*.nii.gz")):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_folder(model, files, sheets=out, masks=out, report=interrupt)
    assert sorted(path.suffix for path in out.rglob("*") if path.is_file()) == [".gz", ".png"]
    assert list(scratch.iterdir()) == []


UNEVEN = np.array([0.0, 8, 16, 30])


def test_slices_that_nifti_cannot_place_have_figures_and_a_note(model: Path, tmp_path: Path) -> None:
    stack = heart(4)
    normal = stack.affines[0, :3, 2]
    affines = stack.affines.copy()
    affines[:, :3, 3] = affines[0, :3, 3] + UNEVEN[:, None] * normal
    write_dicom_series(
        tmp_path / "d", dataclasses.replace(stack, affines=affines), patient_id="P4", series_description="sax",
        manufacturer="x", seed=1,
    )  # fmt: skip
    found = predict_folder(model, tmp_path / "d", masks=tmp_path / "out")
    assert found.masks[0].measured.edv_ml is not None
    assert found.masks[0].mask is None
    assert "mask-not-written" in [note.code for note in found.notes]
    assert not (tmp_path / "out").exists()


def test_a_model_of_millimetres_does_not_answer_for_images_without(
    package: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "scans").mkdir()
    Image.fromarray(np.arange(1024, dtype=np.uint8).reshape(32, 32)).save(tmp_path / "scans" / "a.png")
    model = package(recipe=dataclasses.replace(RECIPE, spacing=1.5))
    found = predict_folder(model, tmp_path, options=ImportOptions(subject_pattern="(a)"))
    assert found.masks == ()
    assert [note.code for note in found.notes if "1.5 mm" in note.text] == ["not-segmented"]


def test_what_to_know_before_masks_are_believed_is_noted(
    package: Callable[..., Path], series: Path, written: tuple[Answers, Path], tmp_path: Path
) -> None:
    with Project.create(tmp_path / "ct").cohort() as cohort:
        other = cohort.add(FoundStack(stack=heart(9, spacing=(4.0, 0.7, 0.7)), subject="C1", series_key="ct"))
        known = fingerprint([other])
    model = package(
        recipe=dataclasses.replace(RECIPE, window=HuWindow()),
        seen=Seen(trainings=(Training(name="home", stacks=(written[0].masks[0].stack,)),)),
        fingerprint=known,
    )
    notes = {note.code: note.text for note in predict_folder(model, series).notes}
    assert {"not-in-hu", "seen-in-training"} <= set(notes)
    other_model = package(fingerprint=known)
    notes = {note.code: note.text for note in predict_folder(other_model, series).notes}
    assert "pixel" in notes["unlike-training"]


def test_maps_of_a_model_that_segments_are_refused(model: Path, files: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="draw maps"):
        predict_folder(model, files, sheets=tmp_path, maps=True)


def test_a_models_masks_of_a_project_are_written_and_its_own_stay(
    model: Path, project: Project, tmp_path: Path
) -> None:
    with project.cohort() as cohort:
        before = {entry.id: np.array(cohort.mask(entry)) for entry in cohort.entries()}
    done = export_model_masks(project, str(model), tmp_path / "out", phases=("es",))
    assert {one.phases for one in done.files} == {("es",)}
    with project.cohort() as cohort:
        for one in done.files:
            entry = cohort.entry(one.stack)
            np.testing.assert_array_equal(cohort.mask(entry), before[one.stack])
            seen = np.asanyarray(nib.load(one.mask).dataobj).T
            es = entry.phases["es"]
            np.testing.assert_array_equal(seen[es], seen_by(model, cohort.pixels(entry))[es])
