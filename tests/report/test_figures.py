"""Figures show the numbers they were given, repeat, and leave no trace."""

import dataclasses
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from medgraft.core.errors import InputError
from medgraft.core.task import SAX_LEVELS, SAX_RANGE, task_from_codes
from medgraft.evaluation import confusion
from medgraft.report import StudyContent, cam_sheet, png_of, stack_sheet
from medgraft.report.study.cams import cam_matrix
from medgraft.report.study.confusion import confusion_matrices
from medgraft.report.study.curves import curves_at_rate, curves_by_rate
from medgraft.report.study.headline import headline
from medgraft.report.study.subject_strip import subject_strip
from medgraft.report.style import ERROR_INK, INK, MUTED, PAPER, ink_on, letters


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def stack(n_slices: int = 7) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    rows, columns = np.mgrid[:20, :30]
    images = np.stack([np.hypot(rows - 10, columns - 15) < 2 + z for z in range(n_slices)]).astype(float)
    scores = np.tile([0.2, 0.7, 0.1], (n_slices, 1))
    scores[0], scores[-1] = [0.1, 0.2, 0.7], [0.8, 0.15, 0.05]
    decoded = scores.argmax(axis=1)
    decoded[1] = 2
    return images, scores, decoded


def test_confusion_cells_are_the_counts(content: StudyContent) -> None:
    result = content.results[0]
    shown = texts(confusion_matrices([result], content.task))
    assert result.decoded is not None
    for answers in (result.predictions.y_pred, result.decoded):
        counts = confusion(result.predictions.y_true, answers, 3)
        assert [int(text) for text in shown[:18:2]] == counts.ravel().tolist()
        shown = shown[18:]


def test_bold_curves_are_means_of_the_faint_ones(content: StudyContent) -> None:
    result = content.results[0]
    assert result.curves is not None
    above, below = curves_at_rate([result], 1e-3).axes[:2]
    folds = [line.get_ydata() for line in below.lines[:-1]]
    assert len(folds) == 5
    np.testing.assert_allclose(below.lines[-1].get_ydata(), np.mean(folds, axis=0))
    np.testing.assert_allclose(above.lines[-1].get_ydata(), result.curves.val_loss[1].mean(axis=0))


def test_only_the_chosen_rate_carries_the_epoch(content: StudyContent) -> None:
    figure = curves_by_rate(content.results[1])
    marked = [axes.get_title(loc="left") for axes in figure.axes if any("epoch 12" in t.get_text() for t in axes.texts)]
    assert marked == ["rate 0.001, chosen"]


def test_dots_and_whiskers_are_values_and_bounds(content: StudyContent) -> None:
    axes = headline(content.results, content.baselines, content.task).axes[0]
    points = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    whiskers = [
        tuple(line.get_xdata()) for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 2
    ]
    figures = [m["macro_f1"] for r in content.results for m in (r.metrics, r.decoded_metrics)]
    figures += [baseline.metrics["macro_f1"] for baseline in content.baselines]
    np.testing.assert_allclose(points, [figure.value for figure in figures])
    np.testing.assert_allclose(whiskers, [(figure.low, figure.high) for figure in figures])


def test_stacks_come_worst_first_and_cells_are_named(content: StudyContent) -> None:
    result = content.results[2]
    figure = subject_strip(result, content.task, most=6)
    errors = [int(text) for text in texts(figure) if text.isdigit()]
    assert errors == sorted(errors, reverse=True)
    wrong = result.predictions.y_true != result.answers
    assert errors == sorted((wrong[rows].sum() for rows in result.predictions.stacks()), reverse=True)[:6]
    assert {text for text in texts(figure) if len(text) < 3 and not text.isdigit()} == {"OA", "I", "OB"}


def test_a_stack_sheet_says_what_decoding_changed() -> None:
    images, scores, decoded = stack()
    figure = stack_sheet(images, scores, decoded, SAX_RANGE, (8.0, 1.5, 1.0), maps=images, title="patient007")
    answers = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert answers == ["OBS 0.70", "IN 0.70 → OBS", *["IN 0.70"] * 4, "OAP 0.80"]
    places = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    assert places[0] == "1  base  0 mm"
    assert places[-1] == "7  apex  48 mm"


def test_a_stack_sheet_needs_no_spacing_but_equal_lengths() -> None:
    images, scores, decoded = stack()
    titles = [a.get_title(loc="left") for a in stack_sheet(images, scores, decoded, SAX_RANGE, None).axes]
    assert "mm" not in "".join(titles)
    with pytest.raises(InputError, match="per slice"):
        stack_sheet(images, scores[:2], decoded, SAX_RANGE, None)


def test_pictures_repeat_byte_for_byte(content: StudyContent) -> None:
    images, scores, decoded = stack()
    first, second = (png_of(stack_sheet(images, scores, decoded, SAX_RANGE, None)) for _ in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")


def test_names_with_dollar_signs_are_no_formulas() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.bar([r"$\foo$", "b"], [1, 2], label=r"$\arm$")
    axes.set_title(r"$\subject$")
    axes.legend()
    assert png_of(figure).startswith(b"\x89PNG")


def test_a_cam_sheet_has_two_pictures_per_example(content: StudyContent) -> None:
    examples = content.results[1].cams
    figure = cam_sheet(examples, content.task)
    assert sum(bool(axes.images) for axes in figure.axes) == 2 * sum(len(example.images) for example in examples)


def test_a_cam_matrix_has_every_cell_with_its_count(content: StudyContent) -> None:
    result = content.results[1]
    (page,) = cam_matrix(result.cams, content.task).axes
    counts = confusion(result.predictions.y_true, result.predictions.y_pred, 3).ravel()
    headings = [text.get_text() for text in page.texts if "answered" in text.get_text()]
    assert [int(heading.split(":")[1]) for heading in headings] == counts.tolist()
    assert len(page.images) == 3 * sum(min(count, 3) for count in counts)


def test_captions_of_long_names_stay_under_their_images(content: StudyContent) -> None:
    cell = content.results[1].cams[0]
    long = dataclasses.replace(cell, captions=("S-3408d6ec5e4e990f es 11/13, 1.00",) * len(cell.captions))
    (page,) = cam_matrix([long], content.task).axes
    assert "S-3408d6ec5e4e990f\nes 11/13, 1.00" in [text.get_text() for text in page.texts]
    figure = page.figure
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in page.texts if "S-" in text.get_text()]
    assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


def test_a_cam_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        cam_sheet([], SAX_RANGE)


def test_drawing_leaves_no_global_state_and_loads_no_torch() -> None:
    code = "import sys, medgraft.report; sys.exit(len({'matplotlib.pyplot', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("task", [SAX_RANGE, SAX_LEVELS, task_from_codes("t", ["a", "ab", "b"])], ids=lambda t: t.name)
def test_letters_tell_classes_apart_and_can_be_read_on_their_colour(task: object) -> None:
    assert isinstance(task, type(SAX_RANGE))
    marks = letters(task)
    assert len(set(marks)) == len(marks)
    for item in task.classes:
        assert contrast(item.colour, ink_on(item.colour)) >= 4.5


@pytest.mark.parametrize("colour", [INK, MUTED, ERROR_INK])
def test_small_print_can_be_read_on_paper(colour: str) -> None:
    assert contrast(colour, PAPER) >= 4.5


def test_results_that_do_not_fit_together_are_refused(content: StudyContent) -> None:
    result = content.results[0]
    with pytest.raises(InputError, match="rows for mobilenetv2"):
        dataclasses.replace(result, embedding=np.zeros((3, 2)))
    unknown = dataclasses.replace(result.predictions, y_true=np.full(len(result.predictions), -1))
    with pytest.raises(InputError, match="known truth"):
        dataclasses.replace(result, predictions=unknown)
    with pytest.raises(InputError, match="unique names"):
        dataclasses.replace(content, results=(result, result))
    with pytest.raises(InputError, match="chosen model among"):
        dataclasses.replace(content, chosen="resnet")
    assert result.curves is not None
    with pytest.raises(InputError, match="2 rates, folds, 20 epochs"):
        dataclasses.replace(result.curves, rates=(1e-2, 1e-3))


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast of two colours, written out once more."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        return float(
            np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
        )

    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)
