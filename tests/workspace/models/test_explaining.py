"""Grad-CAM of a study's model, cell by cell."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgraft.core.errors import InputError
from medgraft.evaluation import confusion
from medgraft.exchange import Seen
from medgraft.workspace import Project
from medgraft.workspace.kept.outcomes import study_outcome
from medgraft.workspace.models.explaining import explain_model


@pytest.mark.slow
@pytest.mark.parametrize("study", ["tiny", "leaky"])
def test_every_cell_of_the_confusion_matrix_is_on_the_sheet(studied: Project, tmp_path: Path, study: str) -> None:
    explained = explain_model(studied, f"{study}/mobilenetv1_025-random-depth-0", str(tmp_path))
    outcome = study_outcome(studied, study)
    table = outcome.stages[0].test if study == "tiny" else outcome.stages[0].out_of_fold
    assert table is not None
    counts = confusion(table.y_true, table.y_pred, 3)
    codes = outcome.task.codes
    found = {(cell.truth, cell.answer): cell.count for cell in explained.cells}
    assert found == {(codes[i], codes[j]): counts[i, j] for i, j in np.argwhere(counts).tolist()}
    assert explained.model == f"{study}: mobilenetv1_025-random, depth 0"
    assert Path(explained.sheet) == tmp_path / "mobilenetv1_025-random-depth-0-gradcam.png"
    assert np.asarray(Image.open(explained.sheet).convert("L"), float).std() > 10
    told = explained.likeness
    assert (told.shuffles, told.median is None) == (10, told.empty > 0.5)


def test_models_that_are_not_there_teach(studied: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Available: leaky/.*, tiny/"):
        explain_model(studied, "hearts", tmp_path)
    with pytest.raises(InputError, match="Available: tiny/mobilenetv1_025-random-depth-0"):
        explain_model(studied, "tiny/vgg16", tmp_path)


def test_one_that_segments_has_no_answers_to_explain(
    project: Project, keep_segmenter: Callable[[Project, Seen], Path], tmp_path: Path
) -> None:
    keep_segmenter(project, Seen())
    with pytest.raises(InputError, match=r"a model that classifies, .* got own: scratch, 2 subjects"):
        explain_model(project, "own/scratch-2", tmp_path)
