"""A graft: a network with its weights, frozen to a depth, cut at its frontier, its features cached for every row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medgraft.core.digest import digest
from medgraft.core.progress import Report, silent
from medgraft.networks.classifier import Classifier, build, out_of_place
from medgraft.networks.freezing import freeze
from medgraft.samples import epoch_order
from medgraft.study.grid import ModelPlan
from medgraft.study.study_data import StudyData
from medgraft.study.study_file import CacheEntry, Depth
from medgraft.training import Batch, trained_state
from medgraft.transfer import FrontierCache, Split, Weights, fill_cache, load_weights, split_at_frontier

#: Rows per pass through the frozen part: enough to keep a device busy, little enough to fit.
ROWS_PER_PASS = 64
#: Plain pictures per pass through the trained part.
ROWS_PER_PREDICTION = 128

_CHANNELS_LAST = torch.channels_last


@dataclass(frozen=True, kw_only=True, eq=False)
class Graft:
    """A model ready to be trained many times at one depth.

    start: the trained tensors as they were after loading; `restart` goes back to them.
    """

    model: Classifier
    split: Split
    cache: FrontierCache
    data: StudyData
    start: Mapping[str, Tensor]
    device: torch.device

    def restart(self, state: Mapping[str, Tensor]) -> None:
        """Every tensor that training changes, back to the start or to what an earlier stage ended with."""
        tensors = dict(self.model.state_dict())
        with torch.no_grad():
            for name, value in {**self.start, **state}.items():
                tensors[name].copy_(value)

    def batches(
        self, positions: NDArray[np.int64], epoch: int, batch_size: int, key: tuple[object, ...]
    ) -> Iterator[Batch]:
        """One epoch over some samples: balanced, shuffled, each copy with its recorded draw."""
        order, draws = epoch_order(positions, self.data.copies[positions], epoch, self.data.draws, *key)
        rows = self.data.drawn_rows(order, draws)
        labels = torch.from_numpy(self.data.labels[order]).to(self.device)
        for first in range(0, len(rows), batch_size):
            chosen = slice(first, first + batch_size)
            if len(rows[chosen]) > 1:  # batch norm needs two
                yield Batch(inputs=self._read(rows[chosen]), targets=labels[chosen])

    def plain(self, positions: NDArray[np.int64]) -> Iterator[tuple[Tensor, ...]]:
        """Plain pictures of some samples, in order."""
        rows = self.data.plain_rows(positions)
        for first in range(0, len(rows), ROWS_PER_PREDICTION):
            yield self._read(rows[first : first + ROWS_PER_PREDICTION])

    def _read(self, rows: NDArray[np.int64]) -> tuple[Tensor, ...]:
        return tuple(_channels_last(value) for value in self.cache.read(rows, self.device))


def prepare_graft(
    plan: ModelPlan,
    depth: Depth,
    weights: Weights,
    data: StudyData,
    *,
    state: Mapping[str, Tensor],
    cache_root: Path,
    cache: CacheEntry,
    device: torch.device,
    report: Report = silent,
) -> Graft:
    """Build, load, freeze, cut, and compute what is not cached yet.

    Args:
        plan: network and size.
        depth: what is trained.
        weights: what it starts with.
        data: whose rows are cached.
        state: trained tensors of an earlier stage, put in before the cut: they count for the cache where frozen.
        cache_root: folder of caches.
        cache: how features are kept.
        device: where to compute.
        report: told while features are computed.
    """
    model = build_model(plan, weights, n_classes=len(data.task.codes), seed=data.seed)
    _overlay(model, state)
    freeze(model, depth)
    model.to(device, memory_format=_CHANNELS_LAST).train()  # type: ignore[call-overload]  # torch's stubs miss this pair
    size = plan.size or weights.contract.size
    split = split_at_frontier(model, _example(data, size).to(device))
    folder = cache_root / _cache_key(split, size, data, cache)[:32]
    passes = _Passes(split=split, data=data, size=size, device=device)
    features = fill_cache(
        folder,
        passes.groups(),
        passes.compute,
        dtype=cache.dtype,
        limit_bytes=int(cache.limit_gb * 1e9),
        report=report,
    )
    return Graft(model=model, split=split, cache=features, data=data, start=trained_state(model), device=device)


def build_model(plan: ModelPlan, weights: Weights, *, n_classes: int, seed: int) -> Classifier:
    """The network with loaded weights, the weights' own input scaling and a fresh head."""
    model = build(plan.spec, n_classes=n_classes, key=(seed, plan.network), contract=weights.contract)
    load_weights(model, weights)
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


def _cache_key(split: Split, size: int, data: StudyData, cache: CacheEntry) -> str:
    """Everything that frozen features depend on: the frozen part, the size, the rows, the type."""
    return digest(["features", split.identity, size, data.rows_digest, cache.dtype])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Passes:
    """Passes through the frozen part: whole samples, about `ROWS_PER_PASS` rows each."""

    split: Split
    data: StudyData
    size: int
    device: torch.device

    def groups(self) -> list[tuple[int, int]]:
        starts = self.data.row_starts
        groups, first = [], 0
        for last in starts[1:].tolist():
            if last - first >= ROWS_PER_PASS or last == starts[-1]:
                groups.append((first, last))
                first = last
        return groups

    def compute(self, first: int, last: int) -> tuple[Tensor, ...]:
        starts = self.data.row_starts
        positions = range(*np.searchsorted(starts, [first, last]).tolist())
        pictures = torch.cat([self._pictures(position) for position in positions])
        return self.split.frontier(_channels_last(pictures.to(self.device)))

    def _pictures(self, position: int) -> Tensor:
        image = self.data.read(self.data.samples.items[position].unit)
        plain = self.data.recipe.render(image, self.size)
        choices = self.data.choices(position)
        return torch.cat([plain, self.data.recipe.render(image, self.size, choices)]) if len(choices) else plain
