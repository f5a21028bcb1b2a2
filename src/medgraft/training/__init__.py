"""The training loop: head only, block by block or whole network, one code for all.

Enters: a model, batches per epoch, a plan. Leaves: history, scores, trained tensors. Must not know: DICOM, cohorts,
which network it trains, where batches come from.
"""

from medgraft.training.batch import Batch, MaskTarget, batch_slices
from medgraft.training.checkpoint import Checkpoint, trained_state
from medgraft.training.course import Course
from medgraft.training.dice import dice_loss
from medgraft.training.fit import fit
from medgraft.training.history import History
from medgraft.training.plan import Plan
from medgraft.training.predict import predict
from medgraft.training.predict_volume import predict_volume
from medgraft.training.side_by_side import fit_side_by_side

__all__ = [
    "Batch",
    "Checkpoint",
    "Course",
    "History",
    "MaskTarget",
    "Plan",
    "batch_slices",
    "dice_loss",
    "fit",
    "fit_side_by_side",
    "predict",
    "predict_volume",
    "trained_state",
]
