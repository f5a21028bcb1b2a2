"""Samples: the cohort joined with labels, split by patient, balanced and put in order for training.

Enters: stack entries, one label per unit, a task. Leaves: `Samples`, or `MaskedSamples` where masks are the labels (and
what was dropped and why), `Fold`s in which no patient appears twice, nested training sets, and for each epoch the order
of samples with the recorded draw each one uses.
Must not know: where labels came from, pixels, networks, the training loop.
"""

from medgraft.samples.balance import epoch_order, n_draws, training_copies
from medgraft.samples.collected import Dropped
from medgraft.samples.folds import Fold, patient_folds
from medgraft.samples.join import join
from medgraft.samples.masked import Aside, MaskedSample, MaskedSamples, codes_of_task, mask_of_task, masked_samples
from medgraft.samples.nested import nested_draw
from medgraft.samples.samples import ClassCount, Sample, Samples

__all__ = [
    "Aside",
    "ClassCount",
    "Dropped",
    "Fold",
    "MaskedSample",
    "MaskedSamples",
    "Sample",
    "Samples",
    "codes_of_task",
    "epoch_order",
    "join",
    "mask_of_task",
    "masked_samples",
    "n_draws",
    "nested_draw",
    "patient_folds",
    "training_copies",
]
