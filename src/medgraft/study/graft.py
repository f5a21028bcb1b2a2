"""A graft: a network with its weights, frozen to a depth, cut at its frontier, its features cached for every row."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.ahead import ahead
from medgraft.core.digest import digest
from medgraft.core.progress import Report, silent
from medgraft.networks.classifier import Classifier, build, out_of_place
from medgraft.networks.freezing import freeze
from medgraft.samples import epoch_order
from medgraft.study.compute import Compute, in_precision
from medgraft.study.graft_trial import GraftTrial
from medgraft.study.grid import ModelPlan
from medgraft.study.study_data import StudyData
from medgraft.training import Batch, batch_slices, trained_state
from medgraft.transfer import FrontierCache, Split, Weights, fill_cache, load_weights, split_at_frontier

#: Rows per pass through the frozen part: enough to keep a device busy, little enough to fit.
ROWS_PER_PASS = 64
#: Plain pictures per pass through the trained part.
ROWS_PER_PREDICTION = 128

Given = TypeVar("Given")
Made = TypeVar("Made")

#: Changes when frozen features change for the same pictures and weights; old ones are then computed again.
_FEATURES = 2

_CHANNELS_LAST = torch.channels_last


@dataclass(frozen=True, kw_only=True, eq=False)
class Graft:
    """A model ready to be trained many times at one depth.

    forward: the trained part, as it is to be called. start: the trained tensors as they were after loading; `restart`
    goes back to them. heads: features (rows, F) of all rows, where the head alone is trained and reads nothing else.
    """

    model: Classifier
    forward: Callable[..., Tensor]
    cut: str
    cache: FrontierCache
    data: StudyData
    start: Mapping[str, Tensor]
    device: torch.device
    heads: NDArray[Any] | None

    def restart(self, state: Mapping[str, Tensor]) -> None:
        """Every tensor that training changes, back to the start or to what an earlier stage ended with."""
        _overlay(self.model, {**self.start, **state})

    def epoch_rows(self, positions: NDArray[np.int64], epoch: int, key: tuple[object, ...]) -> NDArray[np.int64]:
        """Rows of one epoch over some samples, in order: balanced, shuffled, each copy with its recorded draw."""
        order, draws = epoch_order(positions, self.data.copies[positions], epoch, self.data.draws, *key)
        return self.data.drawn_rows(order, draws)

    def batches(
        self, positions: NDArray[np.int64], epoch: int, batch_size: int, key: tuple[object, ...]
    ) -> Iterator[Batch]:
        """`epoch_rows` as batches."""
        rows = self.epoch_rows(positions, epoch, key)
        labels = torch.from_numpy(self.data.row_labels[rows]).to(self.device)

        def batch(chosen: slice) -> Batch:
            return Batch(inputs=self._read(rows[chosen]), targets=labels[chosen])

        return _stream(batch, batch_slices(len(rows), batch_size), self.device)

    def plain(self, positions: NDArray[np.int64]) -> Iterator[tuple[Tensor, ...]]:
        """Plain pictures of some samples, in order."""
        rows = self.data.plain_rows(positions)
        chunks = [slice(first, first + ROWS_PER_PREDICTION) for first in range(0, len(rows), ROWS_PER_PREDICTION)]
        return _stream(lambda chosen: self._read(rows[chosen]), chunks, self.device)

    def _read(self, rows: NDArray[np.int64]) -> tuple[Tensor, ...]:
        return tuple(_channels_last(value) for value in self.cache.read(rows, self.device))


def prepare_graft(
    trial: GraftTrial,
    *,
    state: Mapping[str, Tensor],
    cache_root: Path,
    device: torch.device,
    compute: Compute,
    report: Report = silent,
) -> Graft:
    """Build, load, freeze, cut, and compute what is not cached yet.

    Args:
        trial: one of those that the graft is for.
        state: trained tensors of an earlier stage, put in before the cut: they count for the cache where frozen.
        cache_root: folder of caches.
        device: where to compute.
        compute: how.
        report: told while features are computed.
    """
    data, weights = trial.data, trial.weights
    model = build_model(trial.plan, weights, n_classes=len(data.task.codes), seed=data.seed)
    _overlay(model, state)
    freeze(model, trial.depth)
    model.to(device, memory_format=_CHANNELS_LAST).train()  # type: ignore[call-overload]  # torch's stubs miss this pair
    size = trial.plan.size or weights.contract.size
    example = _example(data, size).to(device)
    split = split_at_frontier(model, example)
    folder = cache_root / _cache_key(split, size, trial)[:32]
    heads = trial.depth == 0 and _is_head(split, model, example)
    if compute.compiled:
        _compile(split)
    passes = _Passes(
        data=data, size=size, device=device, frontier=in_precision(split.frontier, trial.precision, device)
    )
    features = fill_cache(
        folder,
        passes.groups(),
        passes.compute,
        dtype=trial.cache.dtype,
        limit_bytes=int(trial.cache.limit_gb * 1e9),
        report=report,
    )
    return Graft(
        model=model,
        forward=in_precision(split.suffix, trial.precision, device),
        cut=split.reason or "cut",
        cache=features,
        data=data,
        start=trained_state(model),
        device=device,
        heads=_features(features) if heads else None,
    )


def build_model(plan: ModelPlan, weights: Weights, *, n_classes: int, seed: int) -> Classifier:
    """The network with loaded weights, the weights' own input scaling and a fresh head."""
    model = build(plan.spec, n_classes=n_classes, key=(seed, plan.network), contract=weights.contract)
    load_weights(model, weights, partial=plan.partial)
    out_of_place(model)
    return model


def _overlay(model: Classifier, state: Mapping[str, Tensor]) -> None:
    tensors = dict(model.state_dict())
    with torch.no_grad():
        for name, value in state.items():
            tensors[name].copy_(value)


def _channels_last(values: Tensor) -> Tensor:
    return values.contiguous(memory_format=_CHANNELS_LAST) if values.ndim == 4 else values


def _example(data: StudyData, size: int) -> Tensor:
    image = data.read(data.samples.items[0].unit)
    return data.recipe.render(image, size, np.outer([0.0, 9.0], np.ones(len(data.recipe.augment))))


def _cache_key(split: Split, size: int, trial: GraftTrial) -> str:
    """Everything that frozen features depend on: the frozen part, the size, the rows, the arithmetic, the type."""
    return digest([_FEATURES, split.identity, size, trial.data.rows_digest, trial.precision, trial.cache.dtype])


def _is_head(split: Split, model: Classifier, example: Tensor) -> bool:
    """Whether the trained part is the head, and what crosses the frontier are its features, one row per picture."""
    values = split.frontier(example)
    if split.prefix is None or len(values) != 1 or values[0][0].numel() != model.spec.features:
        return False
    head = model.head.eval()
    with torch.no_grad():
        same = torch.allclose(head(values[0].flatten(1)), split.suffix(*values), rtol=1e-5, atol=1e-6)
    head.train()
    return same


def _compile(split: Split) -> None:
    for part in (split.prefix, split.suffix):
        if part is not None:
            part.compile()


def _features(cache: FrontierCache) -> NDArray[Any]:
    (values,) = cache.arrays
    return values.reshape(len(values), -1)


def _stream(make: Callable[[Given], Made], items: Iterable[Given], device: torch.device) -> Iterator[Made]:
    """What a device computes on: made one ahead for a device of its own; on a CPU two at once would share its cores."""
    return map(make, items) if device.type == "cpu" else ahead(make, items)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Passes:
    """Passes through the frozen part: whole samples, about `ROWS_PER_PASS` rows each."""

    data: StudyData
    size: int
    device: torch.device
    frontier: Callable[[Tensor], tuple[Tensor, ...]]

    def groups(self) -> list[tuple[int, int]]:
        starts = self.data.row_starts
        groups, first = [], 0
        for last in starts[1:].tolist():
            if last - first >= ROWS_PER_PASS or last == starts[-1]:
                groups.append((first, last))
                first = last
        return groups

    def compute(self, groups: Iterable[tuple[int, int]]) -> Iterator[tuple[Tensor, ...]]:
        """Frontier values of groups of rows, one group after the other."""
        for pictures in _stream(self._pictures, groups, self.device):
            yield self.frontier(_channels_last(pictures.to(self.device)))

    def _pictures(self, group: tuple[int, int]) -> Tensor:
        positions = range(*np.searchsorted(self.data.row_starts, group).tolist())
        return torch.cat([self._rows_of(position) for position in positions])

    def _rows_of(self, position: int) -> Tensor:
        image = self.data.read(self.data.samples.items[position].unit)
        return self.data.recipe.render_rows(image, self.size, self.data.choices(position))
