"""A model at work on a folder of images that no project knows."""

from pathlib import Path

import numpy as np
import pytest

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.predictions import Predictions
from medgraft.core.task import SAX_RANGE
from medgraft.decoding import decode
from medgraft.phantoms import short_axis_heart, write_dicom
from medgraft.workspace import Project
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.models.predicted import Answers, SliceAnswer
from medgraft.workspace.models.predicting import predict_folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DICOM of two subjects who are in no project."""
    folder = tmp_path_factory.mktemp("scans")
    write_dicom(folder, 2, site="b", size=32, n_phases=3)
    return folder / "dicom"


@pytest.fixture(scope="module")
def model(studied: Project) -> Path:
    return find_model("tiny/mobilenetv1_025-random-depth-1", studied.root)


@pytest.fixture(scope="module")
def answers(model: Path, scans: Path) -> Answers:
    return predict_folder(str(model), str(scans))


def by_stack(answers: Answers) -> dict[tuple[str, str], list[SliceAnswer]]:
    stacks: dict[tuple[str, str], list[SliceAnswer]] = {}
    for row in answers.slices:
        stacks.setdefault((row.stack, row.phase), []).append(row)
    return stacks


def test_every_slice_is_answered_base_first(answers: Answers) -> None:
    hearts = {heart.subject: heart for heart in (short_axis_heart(subject=n, site="b", size=32) for n in (1, 2))}
    stacks = by_stack(answers)
    assert answers.task == "sax-range"
    assert {row.subject for row in answers.slices} == set(hearts)
    for rows in stacks.values():
        n_slices = hearts[rows[0].subject].stack.pixels.shape[1]
        assert [row.slice for row in rows] == list(range(1, n_slices + 1))
        assert {row.slices for row in rows} == {n_slices}


def test_probabilities_and_both_answers_fit_together(answers: Answers) -> None:
    codes = SAX_RANGE.codes
    for rows in by_stack(answers).values():
        scores = np.asarray([[row.probabilities[code] for code in codes] for row in rows])
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
        assert [row.plain for row in rows] == [codes[best] for best in scores.argmax(axis=1)]
        column = np.asarray([""] * len(rows), np.str_)
        place = np.arange(len(rows))
        table = Predictions(
            subject=column, site=column, stack=column, phase=column, slice=place, n_slices=place + len(rows),
            fold=place, y_true=place, y_score=scores, classes=codes,
        )  # fmt: skip
        assert [row.joint for row in rows] == [codes[k] for k in decode(table, SAX_RANGE, "stack")]
        order = [SAX_RANGE.along_stack.index(str(row.joint)) for row in rows]
        assert order == sorted(order)


def test_the_source_is_left_alone_and_asked_again_answers_the_same(model: Path, scans: Path, answers: Answers) -> None:
    before = {path: path.stat().st_mtime_ns for path in scans.rglob("*")}
    assert predict_folder(model, scans) == answers
    assert {path: path.stat().st_mtime_ns for path in scans.rglob("*")} == before


def test_all_phases_can_be_asked_for(model: Path, scans: Path, answers: Answers) -> None:
    everything = predict_folder(model, scans, all_phases=True)
    assert len(by_stack(everything)) == 2 * 3
    known = {(row.stack, row.phase, row.slice): row for row in everything.slices}
    for row in answers.slices:
        again = known[row.stack, row.phase, row.slice]
        assert again.probabilities == pytest.approx(row.probabilities, abs=1e-5)


@pytest.mark.slow
def test_sheets_are_pictures_one_per_stack_and_phase(model: Path, scans: Path, tmp_path: Path) -> None:
    from PIL import Image

    plain = predict_folder(model, scans, sheets=tmp_path / "plain")
    mapped = predict_folder(model, scans, sheets=tmp_path / "maps", maps=True)
    assert plain.slices == mapped.slices
    assert len(plain.sheets) == len(set(plain.sheets)) == len(by_stack(plain))
    assert [Path(sheet).name for sheet in plain.sheets] == [Path(sheet).name for sheet in mapped.sheets]
    shown = [[np.asarray(Image.open(sheet).convert("RGB"), float) for sheet in a.sheets] for a in (plain, mapped)]
    assert all(picture.std() > 10 for picture in shown[0])
    # A map may be empty: at 32 pixels it has one cell, which speaks for the answer or does not.
    assert any(one.shape != other.shape or (one != other).any() for one, other in zip(*shown, strict=True))


def test_a_subject_with_a_slash_in_its_name_gets_its_sheet(model: Path, tmp_path: Path) -> None:
    from medgraft.images import write_dicom_series

    stack = short_axis_heart(subject=3, size=32, n_phases=2, n_slices=3).stack
    write_dicom_series(tmp_path / "scan", stack, patient_id="12/34", series_description="sax", manufacturer="x", seed=1)
    answers = predict_folder(model, tmp_path / "scan", sheets=tmp_path / "sheets")
    assert {row.subject for row in answers.slices} == {"12/34"}
    assert sorted(map(str, (tmp_path / "sheets").iterdir())) == sorted(answers.sheets)


def test_a_sheet_says_whose_stack_and_which_phase_it_shows(
    model: Path, scans: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    titles: list[str] = []
    monkeypatch.setattr(
        "medgraft.workspace.models.slice_answers.png_of", lambda figure: titles.append(figure.get_suptitle()) or b""
    )
    found = predict_folder(model, scans, all_phases=True, sheets=tmp_path)
    whose = {row.subject for row in found.slices}
    phases = ("ED", "phase 1", "phase 2")
    assert sorted(titles) == sorted(
        f"{one} cine SSFP short axis, {phase}, base to apex" for one in whose for phase in phases
    )


def test_a_folder_without_images_teaches(model: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(InputError):
        predict_folder(model, tmp_path)


def test_what_is_no_package_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="package"):
        predict_folder(tmp_path, tmp_path)
