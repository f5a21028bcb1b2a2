"""Many small trainings at once: each as `fit` would do it alone, all in one product per step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent
from medgraft.core.seeds import seed_of
from medgraft.training.batch import batch_slices
from medgraft.training.course import Course, Rows, Schedule, schedule
from medgraft.training.history import History, history_of
from medgraft.training.stacked_sgd import StackedSGD

#: Steps whose features are read together: so few that memory does not grow with the data.
_STEPS_PER_READ = 16
#: Validation rows of each course scored together.
_ROWS_PER_SCORING = 128


class Stack(Protocol):
    """T models side by side, such as `networks.heads.Heads`, which says more of each member."""

    device: torch.device
    parameters: list[Tensor]
    gradients: list[Tensor]
    dropout_name: str

    def __len__(self) -> int:
        """T."""

    def masks(self, seed: int, sizes: Sequence[int]) -> Iterator[Tensor]:
        """(n, hidden) for each of the sizes n."""

    def backward(self, features: Tensor, targets: Tensor, shares: Tensor, masks: Tensor) -> Tensor:
        """Losses (T,); fills the gradients."""

    def scores(self, features: Tensor) -> Tensor:
        """Probabilities (T, B, K)."""


def fit_side_by_side(
    heads: Stack,
    features: NDArray[Any],
    targets: NDArray[np.int64],
    courses: Sequence[Course],
    *,
    report: Report = silent,
) -> list[History]:
    """Train each head on its own course; the heads are changed in place.

    Each history and head equals, up to rounding, that of `fit` alone on the same rows and key. Neither depends on the
    courses beside it: on a CPU to the last bit, at an equal number of threads; the same call gives the same bytes. A
    course that diverges holds NaN from that epoch on, as in `fit`, and the others do not notice. A course
    that has ended costs as much as before: put together what is of about equal length.

    Args:
        heads: one per course.
        features: (rows, F), float32 or float16; may be memory-mapped, read in pieces.
        targets: (rows,) class column of each row.
        courses: with one batch size in common.
        report: told after every epoch.

    Raises:
        InputError: an epoch without batches, batch sizes that differ, an optimizer other than "sgd", or another number
            of courses than heads.
    """
    _check(heads, courses)
    seats = [_Seat(course=course) for course in courses]
    momentum = torch.tensor([course.plan.momentum for course in courses], device=heads.device)
    optimizer = StackedSGD(heads.parameters, heads.gradients, momentum)
    table = _Table(features=features, targets=targets, device=heads.device)
    epochs = max(course.plan.epochs for course in courses)
    for epoch in range(epochs):
        running = [seat for seat in seats if seat.runs]
        if not running:
            break
        losses = _train_epoch(heads, table, seats, optimizer, epoch)
        scores = _scores(heads, table, [course.validation for course in courses])
        for seat, loss, score in zip(seats, losses, scores, strict=True):
            seat.end_epoch(loss, score)
        report(Progress(stage="epochs", done=epoch + 1, total=epochs, detail=f"{len(running)} of {len(seats)} heads"))
    return [history_of(seat.losses, seat.scores, seat.course.plan.epochs) for seat in seats]


def _check(heads: Stack, courses: Sequence[Course]) -> None:
    if len(heads) != len(courses):
        raise InputError(f"Expected one course for each of {len(heads)} heads, got {len(courses)}.")
    sizes = {course.plan.batch_size for course in courses}
    if len(sizes) > 1:
        raise InputError(f"Expected one batch size, got {sorted(sizes)}. Do train those of each size together.")
    others = {course.plan.optimizer for course in courses} - {"sgd"}
    if others:
        raise InputError(f'Expected the optimizer "sgd" for heads side by side, got {sorted(others)}. Do use `fit`.')


@dataclass(kw_only=True)
class _Seat:
    """How far a course has come."""

    course: Course
    updates: int = 0
    losses: list[float] = field(default_factory=list)
    scores: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """It has epochs to go and has not diverged."""
        return len(self.losses) < self.course.plan.epochs and bool(np.isfinite(self.losses).all())

    def rows(self, epoch: int) -> Rows:
        """None where it does not run."""
        if not self.runs:
            return np.zeros(0, np.int64)
        rows = self.course.rows(epoch)
        if not batch_slices(len(rows), self.course.plan.batch_size):
            raise InputError(f"Expected at least one batch in every epoch, got {len(rows)} rows.")
        return rows

    def end_epoch(self, loss: float, scores: NDArray[np.float32]) -> None:
        if self.runs:
            self.losses.append(loss)
            self.scores.append(scores)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Table:
    """Features and classes of rows, read together and once each."""

    features: NDArray[Any]
    targets: NDArray[np.int64]
    device: torch.device

    def read(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Of the rows (...) named: features (n, F) and classes (n,) on the device, and where each is found (...)."""
        needed, places = np.unique(rows, return_inverse=True)
        features = torch.from_numpy(self.features[needed]).to(self.device).float()
        classes = torch.from_numpy(self.targets[needed]).to(self.device)
        return features, classes, torch.from_numpy(places.reshape(rows.shape)).to(self.device)


def _train_epoch(
    heads: Stack, table: _Table, seats: Sequence[_Seat], optimizer: StackedSGD, epoch: int
) -> NDArray[np.float64]:
    """Mean loss of each course over the epoch's rows."""
    orders, updates = [seat.rows(epoch) for seat in seats], [seat.updates for seat in seats]
    steps = schedule([seat.course for seat in seats], orders, updates, epoch)
    masks = _Masks(heads, seats, steps, epoch)
    total = np.zeros(len(seats))
    for first in range(0, len(steps), _STEPS_PER_READ):
        total += _train_steps(heads, table, steps.part(first, first + _STEPS_PER_READ), optimizer, masks)
    for seat, sizes in zip(seats, steps.sizes.T, strict=True):
        seat.updates += int((sizes > 0).sum())
    losses: NDArray[np.float64] = total / np.maximum(steps.sizes.sum(0), 1)
    return losses


def _train_steps(
    heads: Stack, table: _Table, steps: Schedule, optimizer: StackedSGD, all_masks: "_Masks"
) -> NDArray[np.float64]:
    """Loss of each course, summed over the rows of these steps."""
    features, classes, places = table.read(steps.rows)
    masks, source = all_masks.read(len(steps))
    sizes, rates = (torch.from_numpy(values).to(heads.device) for values in (steps.sizes, steps.rates))
    counted = torch.arange(steps.rows.shape[2], device=heads.device) < sizes[..., None]
    shares = counted / sizes.clamp(min=1)[..., None]
    total = torch.zeros(len(heads), dtype=torch.float64, device=heads.device)
    for step, chosen in enumerate(places):
        losses = heads.backward(features[chosen], classes[chosen], shares[step], masks[step, source])
        optimizer.step(rates[step], resting=np.flatnonzero(steps.sizes[step] == 0).tolist())
        total += torch.where(sizes[step] > 0, losses.double() * sizes[step], 0.0)
    return total.cpu().numpy()


class _Masks:
    """Dropout of an epoch, drawn step by step; courses of equal keys and sizes share what is drawn."""

    def __init__(self, heads: Stack, seats: Sequence[_Seat], steps: Schedule, epoch: int) -> None:
        seeds = [seed_of(*seat.course.key, epoch, heads.dropout_name) for seat in seats]
        draws = list(zip(seeds, map(tuple, steps.sizes.T.tolist()), strict=True))
        unlike = list(dict.fromkeys(draws))
        self._drawn = [heads.masks(seed, sizes) for seed, sizes in unlike]
        self._source = torch.tensor([unlike.index(draw) for draw in draws], device=heads.device)
        self._width, self._device = steps.rows.shape[2], heads.device

    def read(self, n_steps: int) -> tuple[Tensor, Tensor]:
        """The next steps' masks, (n_steps, drawn, B, hidden), and which of them each course uses, (T,)."""
        masks = [torch.stack([self._filled(next(drawn)) for drawn in self._drawn]) for _ in range(n_steps)]
        return torch.stack(masks).to(self._device), self._source

    def _filled(self, mask: Tensor) -> Tensor:
        return functional.pad(mask, (0, 0, 0, self._width - len(mask)))


def _scores(heads: Stack, table: _Table, validations: Sequence[Rows]) -> list[NDArray[np.float32]]:
    """Probabilities of each course's validation rows."""
    longest = max(map(len, validations))
    rows = np.stack([np.resize(rows, longest) for rows in validations])
    parts = []
    for first in range(0, longest, _ROWS_PER_SCORING):
        chosen = np.take(rows, np.arange(first, first + _ROWS_PER_SCORING), axis=1, mode="clip")
        features, _, places = table.read(chosen)
        parts.append(heads.scores(features[places]).cpu().numpy())
    scores = np.concatenate(parts, 1) if parts else np.zeros((len(validations), 0, 0), np.float32)
    none = np.zeros((0, 0), np.float32)
    return [own[: len(rows)] if len(rows) else none for own, rows in zip(scores, validations, strict=True)]
