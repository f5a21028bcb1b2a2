"""Splits as a file: the form of nnU-Net's splits_final.json, with subjects where nnU-Net has cases."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medgraft.core.errors import InputError
from medgraft.samples.folds import Fold, folds_of_subjects
from medgraft.samples.samples import Samples


def write_splits(path: Path, samples: Samples, folds: Sequence[Fold]) -> None:
    """Write `[{"train": [subject, ...], "val": [subject, ...]}, ...]`, sorted; equal folds give equal bytes."""
    names = samples.subjects
    splits = [
        {"train": np.unique(names[fold.train]).tolist(), "val": np.unique(names[fold.validation]).tolist()}
        for fold in folds
    ]
    path.write_text(json.dumps(splits, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_splits(path: Path, samples: Samples) -> tuple[Fold, ...]:
    """The folds of a file such as `write_splits` or nnU-Net writes.

    Subjects of the file that have no samples are passed over.

    Raises:
        InputError: the file has another form, a subject is held out not exactly once, or stands on both sides.
    """
    splits = _load(path)
    names, owner = np.unique(samples.subjects, return_inverse=True)
    held_out = [fold for fold, split in enumerate(splits) for _ in split["val"]]
    subjects = [subject for split in splits for subject in split["val"]]
    fold_of = dict(zip(subjects, held_out, strict=True))
    _check(path, splits, subjects, names.tolist())
    placed = np.asarray([fold_of[name] for name in names.tolist()], np.int64)
    return folds_of_subjects(owner, placed, len(splits))


def _load(path: Path) -> list[dict[str, list[str]]]:
    try:
        splits = json.loads(path.read_text(encoding="utf-8"))
        return [{side: [str(name) for name in split[side]] for side in ("train", "val")} for split in splits]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f'Expected a list of {{"train": [...], "val": [...]}} in {path.name}, got {error!r}.'
        ) from error


def _check(path: Path, splits: Sequence[dict[str, list[str]]], subjects: Sequence[str], names: Sequence[str]) -> None:
    missing = sorted(set(names) - set(subjects))
    if missing:
        raise InputError(
            f"Expected every subject to be held out once in {path.name}, missing {', '.join(missing[:5])}."
        )
    twice = sorted(name for name, times in Counter(subjects).items() if times > 1)
    if twice:
        raise InputError(
            f"Expected every subject to be held out once in {path.name}, more than once {', '.join(twice[:5])}."
        )
    for fold, split in enumerate(splits):
        wrong = sorted(set(names) & (set(split["train"]) ^ (set(subjects) - set(split["val"]))))
        if wrong:
            raise InputError(
                f"Expected fold {fold} of {path.name} to train on all it does not hold out, not so: {wrong[:5]}."
            )
