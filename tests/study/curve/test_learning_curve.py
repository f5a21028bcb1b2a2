"""A learning curve that really runs: nobody is trained on who is measured, nothing is done twice, starts are starts."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from medgraft.core.errors import InputError, WeightsError
from medgraft.core.progress import Progress, Report, silent
from medgraft.networks.segmenter import build_segmenter
from medgraft.study import Compute, Desk, DeskSettings, LocalExecutor, RunStore
from medgraft.study.curve import (
    AS_IS,
    CurveFile,
    CurveOutcome,
    CurvePoint,
    Start,
    Verdict,
    compared,
    learning_curve,
    run_curve,
)
from medgraft.study.curve.figures import read_figures
from medgraft.study.curve.mask_bench import _Best
from medgraft.study.curve.mask_trial import Assessment, MaskTraining
from medgraft.study.curve.walls import wall_agreements
from medgraft.study.trained import Trained
from medgraft.study.work import Job

pytestmark = pytest.mark.slow

MakeCurve = Callable[..., CurveFile]
ARMS = {"scratch": {"rates": [0.002]}, "fine-tuned": {"start": "package", "rates": [0.002]}}


@dataclass
class Bench:
    """A place where curves really run; every trial that was done is written down."""

    folder: Path
    hearts: Any
    done: list[Any] = field(default_factory=list)
    workers: int = 1
    compiled: bool = False
    outcome: CurveOutcome = field(init=False)

    @property
    def store(self) -> RunStore:
        return RunStore(root=self.folder / "runs")

    def run(self, curve: CurveFile, package: Start | None = None, samples: Any = None) -> CurveOutcome:
        settings = DeskSettings(
            cache=self.folder / "cache",
            unfinished=self.store.unfinished,
            compute=Compute(device="cpu", compiled=self.compiled),
            checkpoint_seconds=0,
        )
        self._local = LocalExecutor(Desk(settings))
        return run_curve(curve, samples or self.hearts.samples, self.hearts, self, self.store, package=package)

    def submit(self, job: Job[Any], report: Report = silent) -> Future[list[Trained]]:
        self.done.extend(job.trials)
        return self._local.submit(job, report)


@pytest.fixture
def bench(tmp_path: Path, ct_hearts: Any) -> Bench:
    return Bench(folder=tmp_path, hearts=ct_hearts)


@pytest.fixture(scope="module")
def package() -> Start:
    model = build_segmenter("unet3d", n_classes=3, key="another site")
    return Start(origin="home", digest="home", state=model.state_dict())


def dices(outcome: CurveOutcome) -> list[float]:
    return [value for point in outcome.points for figure in point.test for value in figure.dice.values()]


@pytest.fixture(scope="module")
def whole(tiny_curve: MakeCurve) -> CurveFile:
    """A curve with everything in it, each training of one update."""
    home = {"site": "one"}
    return tiny_curve(arms=ARMS, package="home.medgraft", home=home, epochs=1, updates=1, thickness=True)


@pytest.fixture(scope="module")
def ran(whole: CurveFile, package: Start, ct_hearts: Any, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(folder=tmp_path_factory.mktemp("ran"), hearts=ct_hearts)
    bench.outcome = bench.run(whole, package)
    return bench


def test_a_curve_has_every_point_and_nobody_is_measured_who_was_trained_on(ran: Bench) -> None:
    cells = Counter((point.arm, point.size) for point in ran.outcome.points)
    assert cells == {(AS_IS, 0): 1} | {(arm, size): 2 for arm in ARMS for size in (1, 2)}
    for point in ran.outcome.points:
        assert {figure.subject for figure in point.test} == {"two005", "two006"}
        assert {figure.subject for figure in point.home} == {"one001"}
        assert {figure.phase for figure in point.test} == {"ed", "es"}
    trainings = [trial for trial in ran.done if isinstance(trial, MaskTraining)]
    subjects = ran.hearts.samples.subjects
    for trial in trainings:
        assert set(subjects[trial.train]) <= {"two001", "two002"}
        assert set(subjects[trial.validation]) == {"two003", "two004"}
    by_draw = {(t.arm, t.draw, t.n_subjects): set(subjects[t.train]) for t in trainings}
    assert all(by_draw[arm, draw, 1] < by_draw[arm, draw, 2] for arm in ARMS for draw in (0, 1))
    assert all(
        by_draw["scratch", draw, size] == by_draw["fine-tuned", draw, size] for draw in (0, 1) for size in (1, 2)
    )


def test_beats_of_several_lengths_are_no_batch(bench: Bench, tiny_curve: MakeCurve) -> None:
    samples = bench.hearts.samples
    items = (replace(item, n_phases=3) if item.subject == "two001" else item for item in samples.items)
    samples = replace(samples, items=tuple(items))
    with pytest.raises(InputError, match=r"equally many phases, or of 8 and more, .* got \[2, 3\]"):
        bench.run(tiny_curve(network="segnet4d", batch_size=2), samples=samples)


def test_nothing_is_done_twice(ran: Bench, whole: CurveFile, package: Start) -> None:
    assert Counter(trial.identity for trial in ran.done).most_common(1)[0][1] == 1
    n_done = len(ran.done)
    assert ran.run(whole, package).points == ran.outcome.points
    assert len(ran.done) == n_done
    ran.run(whole.model_copy(update={"draws": 1, "sizes": (2,)}), package)
    assert len(ran.done) == n_done, "a smaller curve is in the larger one"


def test_the_same_curve_twice_is_the_same_to_the_byte(
    bench: Bench, tmp_path: Path, tiny_curve: MakeCurve, ct_hearts: Any
) -> None:
    curve = tiny_curve(draws=1, sizes=[2])
    other = Bench(folder=tmp_path / "other", hearts=ct_hearts)
    assert dices(bench.run(curve)) == dices(other.run(curve))
    (trained,) = [trial.identity for trial in bench.done if isinstance(trial, MaskTraining)]
    one, two = bench.store.state(trained), other.store.state(trained)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_start_without_training_is_the_travelling_model(bench: Bench, tiny_curve: MakeCurve, package: Start) -> None:
    """At a rate that changes nothing, fine-tuning leaves the model as it is."""
    arms = {"fine-tuned": {"start": "package", "rates": [1e-12]}}
    outcome = bench.run(tiny_curve(arms=arms, package="home.medgraft", draws=1, sizes=[1]), package)
    as_is, tuned = outcome.points
    for before, after in zip(as_is.test, tuned.test, strict=True):
        assert after.dice == pytest.approx(before.dice, abs=1e-6)


def test_the_best_epoch_is_kept(bench: Bench, tiny_curve: MakeCurve) -> None:
    curve = tiny_curve(draws=1, sizes=[2], epochs=3, arms={"scratch": {"rates": [0.01, 0.002]}})
    (point,) = bench.run(curve).points
    assert point.validation == max(value for value in point.curve if value is not None)
    assert point.epoch == point.curve.index(point.validation) + 1
    runs = [bench.store.read(t.identity) for t in bench.done if isinstance(t, MaskTraining)]
    best = max(np.nanmean(run.history.scores[:, :, 1:], axis=(1, 2)).max() for run in runs)
    assert point.validation == pytest.approx(best, abs=1e-6)


def test_the_weights_that_are_kept_are_those_of_the_best_epoch(bench: Bench, tiny_curve: MakeCurve) -> None:
    """Measured again on the validation subjects, where the last epoch is worse; on the native grid."""
    curve = tiny_curve(
        spacing=None, draws=1, sizes=[2], epochs=6, updates=3, augment=False, arms={"scratch": {"rates": [0.3]}}
    )
    (point,) = bench.run(curve).points
    last = point.curve[-1]
    assert point.validation is not None
    assert last is not None
    assert point.validation > last + 0.01
    trained, assessed = bench.done
    held_out = replace(assessed, groups={"test": trained.validation})
    job = Job(trials=(held_out,), state=bench.store.state(trained.identity))
    figures = [read_figures(facts) for facts in bench._local.desk.work(job)[0].facts["figures"]["test"]]
    assert point.validation == pytest.approx(np.mean([figure.mean_dice for figure in figures]), abs=2e-3)


@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_a_compiled_forward_pass_trains_the_same(
    bench: Bench, tiny_curve: MakeCurve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the graphs that torch takes from it; what C++ it makes of these is its own affair, and takes a minute."""
    take_graphs, taken = torch.compile, []

    def compile_graphs(forward: Any) -> Any:
        taken.append(forward)
        return take_graphs(forward, backend="aot_eager")

    monkeypatch.setattr(torch, "compile", compile_graphs)
    curve = tiny_curve(draws=1, sizes=[1], epochs=1, updates=1)
    (plain,) = bench.run(curve).points
    assert not taken
    (compiled,) = Bench(folder=tmp_path / "compiled", hearts=bench.hearts, compiled=True).run(curve).points
    assert len(taken) == 1
    assert compiled.validation == pytest.approx(plain.validation, abs=1e-3)


@pytest.fixture(scope="module")
def left_alone(tiny_curve: MakeCurve, ct_hearts: Any, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    bench = Bench(folder=tmp_path_factory.mktemp("alone"), hearts=ct_hearts)
    bench.outcome = bench.run(
        tiny_curve(draws=1, sizes=[2], epochs=6, augment=False, arms={"scratch": {"rates": [0.3]}})
    )
    return bench


@pytest.mark.parametrize("killed_after", [1, 3, 5])
def test_a_training_that_was_killed_keeps_the_weights_it_would_have_kept(
    left_alone: Bench, tmp_path: Path, killed_after: int
) -> None:
    job = Job(trials=(left_alone.done[0],), state={})
    settings = replace(left_alone._local.desk.settings, unfinished=tmp_path / "killed")

    def kill(progress: Progress) -> None:
        if (progress.stage, progress.done) == ("epochs", killed_after):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Desk(settings).work(job, kill)
    assert len(list(settings.unfinished.iterdir())) == 1, "one file, so what is in it belongs together"
    epochs: list[int] = []
    (trained,) = Desk(settings).work(job, lambda p: epochs.append(p.done) if p.stage == "epochs" else None)
    assert epochs == list(range(killed_after + 1, 7))
    assert trained.state is not None
    (point,) = left_alone.outcome.points
    expected = left_alone.store.state(point.run)
    assert all(np.array_equal(trained.state[name], value.numpy()) for name, value in expected.items())


def test_a_package_is_kept_that_no_epoch_betters(left_alone: Bench, bench: Bench, tiny_curve: MakeCurve) -> None:
    """At a rate that spoils it at once: what is packed as fine-tuned is never worse on validation than what came."""
    (trained,) = left_alone.outcome.points
    package = Start(origin="home", digest="trained", state=left_alone.store.state(trained.run))
    arms = {"fine-tuned": {"start": "package", "rates": [10.0]}}
    curve = tiny_curve(arms=arms, package="home.medgraft", draws=1, sizes=[1], epochs=1, augment=False)
    as_is, tuned = bench.run(curve, package).points
    assert (tuned.epoch, len(tuned.curve)) == (0, 1)
    assert tuned.validation == tuned.before == pytest.approx(trained.validation, abs=1e-6)
    assert tuned.test == as_is.test
    state = bench.store.state(tuned.run)
    assert all(torch.equal(state[name], value) for name, value in package.state.items())


@pytest.mark.parametrize(
    ("network", "shape"), [("unet2d", [1, 16, 16]), ("unet3d", [16, 16, 16]), ("segnet4d", [16, 16, 16])]
)
@pytest.mark.parametrize("labelled", [("background", "pool"), ("background", "pool", "myocardium")], ids=len)
def test_validation_subjects_are_scored_as_test_subjects_are_measured(
    bench: Bench, tiny_curve: MakeCurve, network: str, shape: list[int], labelled: tuple[str, ...]
) -> None:
    """On the native grid, where both look at the same voxels; one subject labels fewer structures than the other."""
    samples = bench.hearts.samples
    items = tuple(replace(i, classes=labelled) if i.subject == "two003" else i for i in samples.items)
    curve = tiny_curve(
        network=network, spacing=None, shape=shape, sizes=[2], draws=1, arms={"scratch": {"rates": [0.01]}}
    )
    (point,) = bench.run(curve, samples=replace(samples, items=items)).points
    trained, assessed = bench.done
    held_out = replace(assessed, groups={"test": trained.validation})
    job = Job(trials=(held_out,), state=bench.store.state(trained.identity))
    figures = [read_figures(facts) for facts in bench._local.desk.work(job)[0].facts["figures"]["test"]]
    by_subject = {
        one.subject: [figure.mean_dice for figure in figures if figure.subject == one.subject] for one in figures
    }
    assert len(by_subject) == 2
    assert point.validation == pytest.approx(np.mean([np.mean(dices) for dices in by_subject.values()]), abs=2e-3)


def test_walls_are_measured_once_per_arm(ran: Bench) -> None:
    walled = Counter(trial.arm for trial in ran.done if isinstance(trial, Assessment) and trial.thickness)
    assert walled == {AS_IS: 1, "scratch": 1, "fine-tuned": 1}
    assert any(has_walls(point) for point in ran.outcome.points)
    assert not any(figures.true_thickness for point in ran.outcome.points for figures in point.home), "nobody asks"


def test_the_wall_of_the_model_that_is_advised_is_measured_at_whatever_size(
    ran: Bench, whole: CurveFile, package: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever these few updates gave, a smaller size is advised: one assessment more, and no other figure changes."""
    first = [point for point in ran.outcome.points if point.size == ran.outcome.sizes[0] and not point.draw]
    point = next(point for point in first if not has_walls(point))
    advised = Verdict(advice="train anew", arm=point.arm, size=point.size, text="")
    for module in (learning_curve, compared):
        monkeypatch.setattr(module, "verdict", lambda _: advised)
    again = Bench(folder=ran.folder, hearts=ran.hearts)
    found = again.run(whole, package)
    (more,) = again.done
    assert (more.arm, more.thickness) == (point.arm, True)
    assert (point.arm, point.size) in {(wall.arm, wall.size) for wall in wall_agreements(found)}
    for old, new in zip(ran.outcome.points, found.points, strict=True):
        assert has_walls(new) or new == old
        assert without_walls(new) == without_walls(old)
    again.run(whole, package)
    assert len(again.done) == 1, "it is measured once"


def has_walls(point: CurvePoint) -> bool:
    return any(figures.true_thickness for figures in point.test)


def without_walls(point: CurvePoint) -> CurvePoint:
    return replace(point, test=tuple(replace(one, thickness=None, true_thickness=None) for one in point.test))


def test_a_model_of_another_network_is_refused(bench: Bench, tiny_curve: MakeCurve) -> None:
    other = Start(origin="SegResNet", digest="x", state=build_segmenter("segresnet3d", n_classes=3).state_dict())
    with pytest.raises(WeightsError, match="Expected weights of unet3d for lv-wall, got those of SegResNet"):
        bench.run(tiny_curve(arms=ARMS, package="home.medgraft", sizes=[1], draws=1), other)


def test_too_few_subjects_are_refused_before_anything_is_done(bench: Bench, tiny_curve: MakeCurve) -> None:
    with pytest.raises(InputError, match=r"Expected 10 subjects to train on, the most of `sizes`, got 2\. Do"):
        bench.run(tiny_curve(sizes=[5, 10]))
    with pytest.raises(InputError, match="Expected subjects with masks for test, got none"):
        bench.run(tiny_curve(test={"split": "kept back"}))
    with pytest.raises(InputError, match="Expected a network that answers with masks, got vgg16"):
        bench.run(tiny_curve(network="vgg16"))
    with pytest.raises(InputError, match="Expected the model that travels"):
        bench.run(tiny_curve(arms=ARMS, package="home.medgraft"))
    assert not bench.done


def test_why_there_are_too_few_is_said(bench: Bench, tiny_curve: MakeCurve) -> None:
    unscaled = tuple(replace(entry, spacing=None) for entry in bench.hearts.entries if entry.subject == "two001")
    known = tuple(entry for entry in bench.hearts.entries if entry.subject != "two001")
    samples = replace(bench.hearts, entries=unscaled + known).samples
    with pytest.raises(
        InputError,
        match=r"got 1; stacks left out: 1 \(unknown spacing\), for example stack \w+\. Do: set `sizes` to numbers up",
    ):
        bench.run(tiny_curve(sizes=[1, 2]), samples=samples)
    with pytest.raises(
        InputError, match=r"for home, got none \(.*; stacks left out: 1 \(unknown spacing\), for example stack \w+\)"
    ):
        bench.run(tiny_curve(home={"site": "three"}), samples=samples)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": "unet2d"}, r"Expected a shape \[1, rows, columns\] .* got \[16, 16, 16\] for unet2d"),
        ({"shape": [1, 16, 16]}, r"of more slices for one of volumes, got \[1, 16, 16\] for unet3d"),
        ({"arms": {"one": {}, "other": {"depth": 99}}}, "Expected a depth of 0 to 7"),
    ],
)
def test_what_the_network_cannot_do_is_found_before_anything_is_done(
    bench: Bench, tiny_curve: MakeCurve, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        bench.run(tiny_curve(**changes))
    assert not bench.done


def test_random_weights_are_new_with_every_draw(bench: Bench, tiny_curve: MakeCurve) -> None:
    arms = {"scratch": {"rates": [1e-12]}}  # ends where it began
    bench.run(tiny_curve(arms=arms, sizes=[1], epochs=1, updates=1))
    trained = [trial for trial in bench.done if isinstance(trial, MaskTraining)]
    one, two = (bench.store.state(trial.identity) for trial in trained)
    assert any(not torch.equal(one[name], two[name]) for name in one)


def test_subjects_of_several_sites_are_a_choice_of_the_curve_file(
    bench: Bench, tiny_curve: MakeCurve, package: Start
) -> None:
    with pytest.raises(InputError, match=r"beside the home site, got those of one, two. Do: set `home`"):
        bench.run(tiny_curve(sites=None))
    with pytest.raises(InputError, match=r"Expected sites with masks, got three. Available: one, two"):
        bench.run(tiny_curve(sites=["three"]))
    assert not bench.done
    quick = {"draws": 1, "sizes": [1], "epochs": 1, "updates": 1}
    one = bench.run(tiny_curve(**quick, sites=None, home={"site": "one"}))
    assert one.n_subjects == {"train": 2, "validation": 2, "test": 2, "home": 1, "others": 0}
    for sites, measured in ((["two"], {"two005", "two006"}), (["one", "two"], {"one001", "two005", "two006"})):
        (point,) = bench.run(tiny_curve(**quick, sites=sites)).points
        assert {figures.subject for figures in point.test} == measured


def test_only_subjects_of_split_train_or_none_are_trained_on(bench: Bench, tiny_curve: MakeCurve) -> None:
    samples = bench.hearts.samples
    splits = {"two001": None, "two002": "external"}
    items = tuple(replace(item, split=splits.get(item.subject, item.split)) for item in samples.items)
    curve = tiny_curve(sizes=[1, "all"], draws=1, epochs=1, updates=1)  # which is the same: one is all
    outcome = bench.run(curve, samples=replace(samples, items=items))
    assert [point.size for point in outcome.points] == [1]
    assert outcome.n_subjects == {"train": 1, "validation": 2, "test": 2, "home": 0, "others": 1}
    (training,) = [trial for trial in bench.done if isinstance(trial, MaskTraining)]
    assert set(samples.subjects[training.train]) == {"two001"}


def test_of_the_home_site_only_the_named_split_is_measured(bench: Bench, tiny_curve: MakeCurve) -> None:
    with pytest.raises(InputError, match="Expected subjects with masks for home, got none"):
        bench.run(tiny_curve(home={"site": "one", "split": "kept back"}))
    assert not bench.done


def test_a_subject_in_two_splits_is_refused(bench: Bench, tiny_curve: MakeCurve) -> None:
    samples = bench.hearts.samples
    torn = replace(samples.items[1], stack="again", split="test")
    with pytest.raises(InputError, match="Expected all images of a subject in one split and site, got two001"):
        bench.run(tiny_curve(), samples=replace(samples, items=(*samples.items, torn)))


def test_nobody_is_held_out_whom_the_travelling_model_knows(
    bench: Bench, tiny_curve: MakeCurve, package: Start
) -> None:
    item = next(item for item in bench.hearts.samples.items if item.subject == "one001")
    knowing = replace(package, trained_on=frozenset({item.stack}))
    with pytest.raises(InputError, match="nor chosen on, got one001"):
        bench.run(tiny_curve(arms=ARMS, package="home.medgraft", home={"site": "one"}), knowing)


def test_a_training_that_diverges_at_once_is_measured_as_it_began() -> None:
    model = build_segmenter("unet3d", n_classes=3)
    began = {name: value.clone() for name, value in model.state_dict().items()}
    best = _Best(model)
    for parameter in model.parameters():
        parameter.data.fill_(float("nan"))
    assert np.isnan(best.seen(np.ones((2, 3), np.float32))).all()
    assert all(torch.equal(value, began[name]) for name, value in best.weights.items())
