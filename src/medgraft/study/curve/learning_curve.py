"""The order of a learning curve: every start at every size and draw, then what each came to on subjects held out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from medgraft.core.digest import digest
from medgraft.core.errors import InputError
from medgraft.core.progress import Report, silent
from medgraft.networks import NetworkSpec, described
from medgraft.networks.segmenter import Initial
from medgraft.samples import MaskedSamples, nested_draw
from medgraft.study.curve.curve_file import ArmEntry, CurveFile
from medgraft.study.curve.figures import SubjectFigures, read_figures
from medgraft.study.curve.mask_data import MaskData, ReadVolumes
from medgraft.study.curve.mask_trial import Assessment, MaskTraining, Start, structure_dice
from medgraft.study.curve.outcome import AS_IS, CurveOutcome, CurvePoint
from medgraft.study.curve.roles import Roles, checked_roles
from medgraft.study.curve.verdict import verdict
from medgraft.study.executor import Executor
from medgraft.study.runs import Run, RunStore
from medgraft.study.schedule import Chain, run_chains
from medgraft.training import Plan

_RANDOM: Mapping[str, Initial] = {"random": "default", "normal": "normal"}


def run_curve(
    curve: CurveFile,
    samples: MaskedSamples,
    read: ReadVolumes,
    executor: Executor,
    store: RunStore,
    *,
    package: Start | None = None,
    report: Report = silent,
) -> CurveOutcome:
    """Run a learning curve, or what is missing of it.

    Args:
        curve: what to compare and how.
        samples: subjects with masks, held-out ones and those of the home site included.
        read: their native volumes.
        executor: where trials are done.
        store: where runs are kept; what is there is not done again.
        package: the travelling model's weights; None where no arm starts from it.
        report: told of every trial and epoch.

    Raises:
        InputError: a network that does not segment, reads no such shape or lacks a depth, subjects of several sites of
            which none is chosen, none to validate or test on, fewer than the sizes ask, sequences of several lengths in
            one batch, no travelling model where an arm starts from it, or held-out subjects that it has seen.
        WeightsError: the travelling model is another network's.
    """
    chain = curve_chain(curve, samples, read, package)
    (outcome,) = run_chains([(chain.outcome(), len(chain.trainings) + chain.n_assessments)], executor, store, report)
    return outcome


def curve_chain(curve: CurveFile, samples: MaskedSamples, read: ReadVolumes, package: Start | None) -> "CurveChain":
    """What a learning curve asks for, step by step. Raises what `run_curve` raises, before anything is done."""
    network = described(curve.network, "masks")
    data = MaskData(
        samples=samples, read=read, recipe=curve.recipe, dims=network.dims, augment=curve.augment, seed=curve.seed
    )
    roles = checked_roles(curve, samples, network, package)
    return CurveChain(curve=curve, network=network, data=data, package=package, roles=roles)


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveChain:
    """All trainings, then all assessments, then the wall that only the verdict asks for."""

    curve: CurveFile
    network: NetworkSpec
    data: MaskData
    package: Start | None
    roles: Roles

    def outcome(self) -> Chain[CurveOutcome]:
        """The curve's points, in the order of the file; the travelling model as it is comes first."""
        runs = {run.identity: run for run in (yield self.trainings)}
        trained = [chosen(point, runs.__getitem__) for point in self.points]
        found = yield self.assessments(trained)
        n_before = len(found) - len(trained)
        as_is = [
            CurvePoint(arm=AS_IS, size=0, test=_figures(run, "test"), home=_figures(run, "home"))
            for run in found[:n_before]
        ]
        points = as_is + [_point(*one, run) for one, run in zip(trained, found[n_before:], strict=True)]
        outcome = self._outcome(points)
        asked = self._wall_of_the_advised(outcome, trained)
        if asked is None:
            return outcome
        (measured,) = yield [asked]
        return _with_walls(outcome, asked.parent, _figures(measured, "test"))

    @cached_property
    def trainings(self) -> list[MaskTraining]:
        """Every start at every size, draw and rate."""
        return [
            self._training(name, arm, rate, draw, subjects)
            for name, arm in self.curve.arms.items()
            for draw in range(self.curve.draws)
            for subjects in self._nested(draw)
            for rate in arm.rates
        ]

    @cached_property
    def points(self) -> list[list[MaskTraining]]:
        """The same, those of one start, draw and size together: they differ by their rate."""
        groups: dict[tuple[str, int, int], list[MaskTraining]] = {}
        for trial in self.trainings:
            groups.setdefault((trial.arm, trial.draw, trial.n_subjects), []).append(trial)
        return list(groups.values())

    @property
    def n_assessments(self) -> int:
        """Points that are measured, at most: the wall of the advised model may be one more."""
        return len(self.points) + (self.package is not None) + self.may_ask_for_a_wall

    @property
    def may_ask_for_a_wall(self) -> bool:
        """Whether the verdict may name a model whose wall is not measured with the others."""
        return self.curve.thickness and len({group[0].n_subjects for group in self.points}) > 1

    def assessments(self, trained: Sequence[tuple[MaskTraining, Run]]) -> list[Assessment]:
        """Of the travelling model as it is, if there is one, then of some trainings."""
        before = [self._assess(AS_IS, self.package, walls=True)] if self.package else []
        after = [
            self._assess(trial.arm, trial.start, parent=run.identity, walls=self.shows_walls(trial))
            for trial, run in trained
        ]
        return [*before, *after]

    def shows_walls(self, trial: MaskTraining) -> bool:
        """The wall takes longer than all else: it is measured for the first draw of the largest size."""
        return trial.draw == 0 and trial.n_subjects == self._largest

    def _outcome(self, points: Sequence[CurvePoint]) -> CurveOutcome:
        subjects = self.data.samples.subjects
        return CurveOutcome(
            curve=self.curve,
            task=self.data.samples.task,
            network=self.network.name,
            n_subjects={name: len(set(subjects[positions])) for name, positions in vars(self.roles).items()},
            points=tuple(points),
            package_digest=self.package.digest if self.package else "",
            chosen_on=tuple(sorted(self.data.samples.items[place].stack for place in self.roles.validation.tolist())),
        )

    def _wall_of_the_advised(
        self, outcome: CurveOutcome, trained: Sequence[tuple[MaskTraining, Run]]
    ) -> Assessment | None:
        """What is left to measure of the first draw of the advised model; None where its wall is known, or unasked."""
        advised = verdict(outcome)
        if not self.curve.thickness or advised.size in (None, self._largest):
            return None
        wanted = (advised.arm, advised.size, 0)
        trial, run = next(pair for pair in trained if (pair[0].arm, pair[0].n_subjects, pair[0].draw) == wanted)
        return self._assess(trial.arm, trial.start, parent=run.identity, walls=True)

    def _nested(self, draw: int) -> Sequence[Sequence[str]]:
        subjects = sorted(set(self.data.samples.subjects[self.roles.train].tolist()))
        sizes = {len(subjects) if size == "all" else size for size in self.curve.sizes}  # all may be a number too
        return nested_draw(subjects, sorted(sizes), self.curve.seed, draw)

    def _training(self, name: str, arm: ArmEntry, rate: float, draw: int, subjects: Sequence[str]) -> MaskTraining:
        among = np.isin(self.data.samples.subjects[self.roles.train], list(subjects))
        return MaskTraining(
            network=self.network,
            depth=arm.depth,
            start=self._start(arm, draw),
            data=self.data,
            arm=name,
            draw=draw,
            train=self.roles.train[among],
            validation=self.roles.validation,
            training=Plan(
                rate=rate,
                epochs=self.curve.epochs,
                batch_size=self.curve.batch_size,
                optimizer="adam",
                decay=0.0,
                decay_factor=self.curve.decay.factor,
                decay_epochs=self.curve.decay.epochs,
            ),
            updates=self.curve.updates,
        )

    def _start(self, arm: ArmEntry, draw: int) -> Start:
        """Random weights are new with every draw, so that its spread is that of both."""
        if arm.start == "package":
            if self.package is None:
                raise InputError("Expected the model that travels, since an arm starts from it, got none.")
            return self.package
        key = (self.curve.seed, draw)
        return Start(origin=arm.start, digest=digest([arm.start, key]), initial=_RANDOM[arm.start], key=key)

    @cached_property
    def _largest(self) -> int:
        """Subjects of the largest training sets."""
        return max(trial.n_subjects for trial in self.trainings)

    def _assess(self, arm: str, start: Start, *, parent: str = "", walls: bool) -> Assessment:
        groups = {"test": self.roles.test} | ({"home": self.roles.home} if len(self.roles.home) else {})
        return Assessment(
            network=self.network,
            start=start,
            data=self.data,
            arm=arm,
            groups=groups,
            thickness=self.curve.thickness and walls,
            parent=parent,
        )


def chosen(point: Sequence[MaskTraining], run_of: Callable[[str], Run]) -> tuple[MaskTraining, Run]:
    """Of a point's trainings the one whose best epoch is best on the validation subjects, and what it left."""
    return max(((trial, run_of(trial.identity)) for trial in point), key=lambda pair: best_epoch(pair[1])[1])


def validation_curve(run: Run) -> NDArray[np.float64]:
    """(E,) mean Dice of the structures on the validation subjects; NaN where a training had diverged."""
    return np.array([structure_dice(scores) for scores in run.history.scores], float)


def best_epoch(run: Run) -> tuple[int, float]:
    """The epoch, from 1, with the best mean Dice on the validation subjects, and that Dice; -1 if it diverged at once.

    0 is the package that it started from, or random weights, which have no Dice. The first of equals: the weights that
    the training kept.
    """
    before = _before(run)
    curve = np.nan_to_num([np.nan if before is None else before, *validation_curve(run)], nan=-1.0)
    best = int(curve.argmax())
    return best, float(curve[best])


def _before(run: Run) -> float | None:
    before: float | None = run.facts.get("before")  # runs of random weights, and older ones, may say nothing
    return before


def _point(trial: MaskTraining, training: Run, assessment: Run) -> CurvePoint:
    epoch, score = best_epoch(training)
    return CurvePoint(
        arm=trial.arm,
        size=trial.n_subjects,
        draw=trial.draw,
        rate=trial.training.rate,
        epoch=epoch,
        validation=score if score >= 0 else None,
        before=_before(training),
        run=training.identity,
        curve=tuple(validation_curve(training).tolist()),
        test=_figures(assessment, "test"),
        home=_figures(assessment, "home"),
    )


def _with_walls(outcome: CurveOutcome, training: str, measured: Sequence[SubjectFigures]) -> CurveOutcome:
    """The outcome with the walls of what one training left, which change no other figure."""

    def walled(point: CurvePoint) -> CurvePoint:
        pairs = zip(point.test, measured, strict=True)
        test = (replace(old, thickness=new.thickness, true_thickness=new.true_thickness) for old, new in pairs)
        return replace(point, test=tuple(test))

    return replace(outcome, points=tuple(walled(p) if p.run == training else p for p in outcome.points))


def _figures(assessment: Run, group: str) -> tuple[SubjectFigures, ...]:
    return tuple(map(read_figures, assessment.facts["figures"].get(group, [])))
