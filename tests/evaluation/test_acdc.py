"""The pixel-free baseline on real stacks: what a network has to beat."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.core.task import SAX_RANGE
from medgraft.evaluation import baseline_predictions, bootstrap, evaluate

ACDC = Path(__file__).parents[2].parent / "shared" / "data" / "acdc"
POOL = 3  # the source's code of the LV cavity


@pytest.fixture(scope="module")
def truth() -> Predictions:
    if not ACDC.is_dir():
        pytest.skip("ACDC is not at ../shared/data/acdc")
    masks = sorted(ACDC.glob("patient*/*_gt.nii.gz"))
    labels = [_pool_rule(np.asarray(nib.load(path).dataobj)) for path in masks]
    lengths = np.array([len(part) for part in labels])
    subject = np.repeat([path.parent.name for path in masks], lengths)
    n = len(subject)
    return Predictions(
        subject=subject,
        site=np.full(n, ""),
        stack=subject,
        phase=np.repeat([_phase(path) for path in masks], lengths),
        slice=np.concatenate([np.arange(length) for length in lengths]),
        n_slices=np.repeat(lengths, lengths),
        fold=np.full(n, -1),
        y_true=np.concatenate(labels),
        y_score=np.zeros((n, 3)),
        classes=SAX_RANGE.codes,
    )


def _pool_rule(mask: np.ndarray) -> np.ndarray:
    pool = np.flatnonzero((mask == POOL).any(axis=(0, 1)))
    z = np.arange(mask.shape[2])
    return np.where(z < pool[0], SAX_RANGE.index("OBS"), np.where(z > pool[-1], SAX_RANGE.index("OAP"), 1))


def _phase(path: Path) -> str:
    info = dict(line.split(": ") for line in (path.parent / "Info.cfg").read_text().strip().splitlines())
    frame = int(path.name.split("_frame")[1][:2])
    return {int(info["ED"]): "ed", int(info["ES"]): "es"}[frame]


def test_position_alone_is_a_baseline_to_respect(truth: Predictions) -> None:
    assert np.bincount(truth.y_true).tolist() == [39, 1072, 25]
    names, index = np.unique(truth.subject, return_inverse=True)
    fold = rng(7, "folds").permutation(len(names))[index] % 5
    folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]
    majority = evaluate(baseline_predictions(truth, folds, "majority"))
    position = baseline_predictions(truth, folds, "position")
    assert majority["accuracy"] == pytest.approx(1072 / 1136)
    assert 0.50 <= evaluate(position)["macro_f1"] <= 0.62
    interval = bootstrap(position, ["macro_f1"])["macro_f1"]
    assert interval.low > majority["macro_f1"]
