"""Measuring a project: figures against exact truth, direct sums and hand computation; what cannot be said says why."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from medgraft.core.errors import InputError
from medgraft.core.lineage import Hop, Lineage
from medgraft.core.predictions import Predictions
from medgraft.core.seeds import rng
from medgraft.core.stack import FoundStack, Stack
from medgraft.core.task import LV_WALL, MASK_CODES, SAX_RANGE
from medgraft.evaluation import worst_distance
from medgraft.exchange import Seen, Training, hash_subjects
from medgraft.exchange.package import ModelPackage, write_package
from medgraft.inference import predict_stacks
from medgraft.networks import spec
from medgraft.networks.classifier import build
from medgraft.networks.segmenter import build_segmenter
from medgraft.phantoms import PhantomHeart, ct_heart, short_axis_heart
from medgraft.phantoms.heart_scene import sections
from medgraft.phantoms.population import draw_heart
from medgraft.recipe import PAPER, PercentileWindow, VolumeRecipe
from medgraft.samples import codes_of_task
from medgraft.workspace import Project, import_images, label_from_masks
from medgraft.workspace.measuring import segmenter, slices_that_count
from medgraft.workspace.measuring.measured import Measured, StackMeasures
from medgraft.workspace.measuring.running import measure_project

SPACING = (8.0, 2.0, 1.5)
ML = np.prod(SPACING) / 1000
#: Of a tube, whose wall goes as far as its cavity.
NO_TIP = "no wall measured in segment 17"


def tube(n_slices: int = 6, radius: float = 5.0) -> NDArray[np.uint8]:
    """A cavity with a wall of 8 mm and a right ventricle beside it, (1, Z, 24, 32)."""
    rows, columns = np.indices((24, 32))
    away = np.hypot((rows - 12) * SPACING[1], (columns - 18) * SPACING[2])
    part = np.select([away < 2 * radius, away < 2 * radius + 8], [1, 2], 0)
    part[(part == 0) & (columns < 12) & (abs(rows - 12) < 4)] = MASK_CODES["rv"]
    return np.repeat(part[None, None].astype(np.uint8), n_slices, axis=1)


def beating(heights: NDArray[np.float64] | None = None, spacing: tuple[float, float, float] | None = SPACING) -> Stack:
    """ED and ES of a tube; its slices at equal or at given heights, in mm."""
    mask = np.concatenate([tube(), tube(radius=3.0)])
    affines = np.tile(np.diag([SPACING[2], SPACING[1], 1.0, 1.0]), (mask.shape[1], 1, 1))
    affines[:, 2, 3] = np.arange(mask.shape[1]) * SPACING[0] if heights is None else heights
    pixels = mask * np.int16(100)
    return Stack(
        pixels=pixels, affines=affines, spacing=spacing, mask=mask, mask_phases=(0, 1), phases={"ed": 0, "es": 1},
        base_first=True,
    )  # fmt: skip


def project_of(folder: Path, **stacks: Stack) -> Project:
    project = Project.create(folder)
    with project.cohort() as cohort:
        for subject, stack in stacks.items():
            cohort.add(FoundStack(stack=stack, subject=subject, series_key=subject))
    return project


def only(measured: Measured) -> StackMeasures:
    (stack,) = measured.stacks
    return stack


def package_of(folder: Path, *trainings: Training) -> Path:
    """A segmenter with random weights, as if it came from some trainings."""
    model = build_segmenter("unet2d", n_classes=3, key=1)
    package = ModelPackage(
        name="random walls",
        task=LV_WALL,
        network="unet2d",
        recipe=VolumeRecipe(shape=(1, 16, 16), spacing=None, window=PercentileWindow()),
        lineage=Lineage(hops=(Hop(what="scratch", weights_digest="00"),)),
        figures={},
        state=model.state_dict(),
        seen=Seen(trainings=trainings),
    )
    return write_package(package, folder)


@pytest.mark.slow
@pytest.mark.parametrize("site", ["one", "two"])
def test_ct_volumes_and_ejection_are_within_two_percent_of_truth(tmp_path: Path, site: str) -> None:
    heart = ct_heart(subject=1, site=site, size=112, n_phases=2, spacing=(1.25, 1.0, 1.0))
    ed, es = heart.stack.phases["ed"], heart.stack.phases["es"]
    found = only(measure_project(project_of(tmp_path / "ct", one=heart.stack)))
    assert found.edv_ml == pytest.approx(heart.cavity_ml[ed], rel=0.02)
    assert found.esv_ml == pytest.approx(heart.cavity_ml[es], rel=0.02)
    assert found.ejection_percent == pytest.approx(100 * heart.ejection_fraction, rel=0.02)
    assert found.mass_g == pytest.approx(1.05 * heart.myocardium_ml[ed], rel=0.02)


def test_acdc_volumes_are_direct_sums_of_voxels(real_data: Path, tmp_path: Path) -> None:
    for name in ("patient001", "patient033"):
        shutil.copytree(real_data / "acdc" / name, tmp_path / "acdc" / name)
    project = Project.create(tmp_path / "hearts")
    import_images(project, tmp_path / "acdc")
    measured = measure_project(project)
    with project.cohort() as cohort:
        for row in measured.phases:
            entry, mask = cohort.entry(row.stack), cohort.mask(cohort.entry(row.stack))
            assert mask is not None
            voxels = np.count_nonzero(mask[entry.phases[row.phase]] == 1)
            if entry.spacing is None:
                assert (row.subject, row.cavity_ml, row.reasons) == (
                    "patient033", None, ("unknown spacing: no ml, no mm",),
                )  # fmt: skip
            else:
                assert row.cavity_ml == pytest.approx(voxels * np.prod(entry.spacing) / 1000, rel=1e-9)
                assert len(row.segments_mm) == 17 * entry.directions_known


def test_figures_are_those_of_a_hand_count(tmp_path: Path) -> None:
    stack = beating()
    assert stack.mask is not None
    found = only(measure_project(project_of(tmp_path / "heart", one=stack)))
    pool, wall = ((stack.mask == code).sum(axis=(1, 2, 3)) * ML for code in (1, 2))
    assert (found.ed, found.es) == ("ed", "es")
    assert found.edv_ml == pytest.approx(pool[0])
    assert found.esv_ml == pytest.approx(pool[1])
    assert found.stroke_ml == pytest.approx(pool[0] - pool[1])
    assert found.ejection_percent == pytest.approx(100 * (1 - pool[1] / pool[0]))
    assert found.mass_g == pytest.approx(1.05 * wall[0])
    assert (found.left_out, found.edv_change_ml, found.reasons) == (0, 0, (NO_TIP,))


def test_slices_that_are_not_in_are_left_out_and_the_change_is_theirs(tmp_path: Path) -> None:
    """By hand: a rule that asks for the wall leaves out the slice that lost it; its pool is the change."""
    stack = beating()
    assert stack.mask is not None
    stack.mask[:, 0][stack.mask[:, 0] == 1] = 0
    project = project_of(tmp_path / "heart", one=stack)
    label_from_masks(project)
    with project.cohort() as cohort:
        entry = cohort.entries()[0]
        cohort.set_mask(entry.id, np.concatenate([tube(), tube(radius=3.0)]), (0, 1))
    whole, judged = only(measure_project(project)), only(measure_project(project, slices_by="labels"))
    assert (whole.left_out, judged.left_out, whole.mass_change_g) == (0, 2, 0)
    for field, radius in {"edv": 5.0, "esv": 3.0}.items():
        lost = np.count_nonzero(tube(radius=radius)[0, 0] == 1) * ML
        assert getattr(judged, f"{field}_change_ml") == pytest.approx(-lost)
        assert getattr(judged, f"{field}_ml") == pytest.approx(getattr(whole, f"{field}_ml") - lost)
    lost_g = 1.05 * np.count_nonzero(tube()[0, 0] == 2) * ML
    assert judged.mass_change_g == pytest.approx(-lost_g), "of a wall around a pool where there is none"
    assert judged.mass_g + lost_g == pytest.approx(whole.mass_g)
    assert judged.ejection_change_percent == pytest.approx(0, abs=1e-9)


def exact_mass_g(subject: int) -> tuple[float, float]:
    """Of a phantom at ED and ES, from its continuous geometry: points 1 mm apart that lie in its muscle."""
    u, w = np.arange(-70, 70, dtype=np.float32), np.arange(-30, 130, dtype=np.float32)[:, None, None]
    heart = draw_heart(rng(7, "short-axis heart", "a", subject))
    ed, es = (np.count_nonzero(sections(heart.at(state), u, u[:, None], w).myocardium < 0) for state in (0.0, 1.0))
    return ed * 1.05 / 1000, es * 1.05 / 1000


@pytest.mark.parametrize("subject", [5, 6])
def test_muscle_below_and_above_the_slices_with_blood_is_part_of_the_heart(tmp_path: Path, subject: int) -> None:
    """The cap of the apex is out of apical by definition, the crescent at the base out of basal."""
    stack = short_axis_heart(subject=subject, size=64, n_phases=2, n_slices=24).stack
    project = project_of(tmp_path / "heart", one=stack)
    label_from_masks(project)
    whole, judged = measure_project(project), measure_project(project, slices_by="labels")
    for phase, exact in zip(judged.phases, exact_mass_g(subject), strict=True):
        assert phase.mass_g == pytest.approx(exact, rel=0.03)
        assert (phase.change_ml, phase.mass_change_g) == (0, 0)
        assert None not in phase.segments_mm, "the tip has a thickness"
    for field in ("thickness_median_mm", "thickness_p95_mm", "thickness_maximum_mm", "segments_mm"):
        assert [getattr(one, field) for one in judged.phases] == [getattr(one, field) for one in whole.phases]


def test_slices_with_gaps_count_by_their_places(tmp_path: Path) -> None:
    heights = np.array([0.0, 8, 16, 32, 40, 48])
    found = measure_project(project_of(tmp_path / "heart", one=beating(heights)))
    area = np.count_nonzero(tube()[0, 0] == 1) * SPACING[1] * SPACING[2] / 1000
    assert found.stacks[0].edv_ml == pytest.approx(area * (8 + 8 + 12 + 12 + 8 + 8))
    assert found.phases[0].thickness_median_mm is None
    assert found.phases[0].reasons == ("slices not equally far apart: no thickness",)


def test_without_spacing_there_is_an_ejection_fraction_and_no_millilitres(tmp_path: Path) -> None:
    found = measure_project(project_of(tmp_path / "heart", one=beating(spacing=None)))
    assert found.stacks[0].reasons == (
        "the ejection fraction takes slices to be equally far apart", "unknown spacing: no ml, no mm",
    )  # fmt: skip
    assert all(row.cavity_ml is row.thickness_median_mm is row.mass_g is None for row in found.phases)
    in_mm = only(measure_project(project_of(tmp_path / "mm", one=beating())))
    assert found.stacks[0].edv_ml is None
    assert found.stacks[0].ejection_percent == pytest.approx(in_mm.ejection_percent)


def test_without_spacing_slices_that_are_not_in_are_left_out(tmp_path: Path) -> None:
    stack = beating(spacing=None)
    assert stack.mask is not None
    stack.mask[1, 0][stack.mask[1, 0] == MASK_CODES["pool"]] = 0
    project = project_of(tmp_path / "heart", one=stack)
    label_from_masks(project)
    with project.cohort() as cohort:
        cohort.set_mask(cohort.entries()[0].id, np.concatenate([tube(), tube(radius=3.0)]), (0, 1))
    whole, judged = only(measure_project(project)), only(measure_project(project, slices_by="labels"))
    ed, es = (np.count_nonzero(tube(radius=radius) == 1) for radius in (5.0, 3.0))
    assert whole.ejection_percent == pytest.approx(100 * (1 - es / ed))
    assert judged.ejection_percent == pytest.approx(100 * (1 - es * 5 / 6 / ed))
    assert judged.ejection_change_percent == pytest.approx(100 * es / 6 / ed)


def test_slices_out_of_order_have_no_volume(tmp_path: Path) -> None:
    found = measure_project(project_of(tmp_path / "heart", one=beating(np.array([0.0, 8, 4, 24, 32, 40]))))
    assert found.stacks[0].edv_ml is None
    assert found.stacks[0].reasons == ("slices out of order along their normal: no ml, no mm",)


def test_phases_without_names_are_those_of_the_largest_and_the_smallest_cavity(tmp_path: Path) -> None:
    stack = beating()
    assert stack.mask is not None
    unnamed = replace(stack, phases={}, mask=stack.mask[::-1], pixels=stack.pixels[::-1])
    found = only(measure_project(project_of(tmp_path / "heart", one=unnamed)))
    assert (found.ed, found.es) == ("1", "0")
    assert found.reasons == (
        "no phase is named ed: it is that of the largest cavity",
        "no phase is named es: it is that of the smallest cavity",
        NO_TIP,
    )


def test_a_phase_that_is_not_named_is_found_by_its_cavity_beside_one_that_is(tmp_path: Path) -> None:
    found = only(measure_project(project_of(tmp_path / "heart", one=replace(beating(), phases={"ed": 0}))))
    assert (found.ed, found.es) == ("ed", "1")
    assert found.reasons == ("no phase is named es: it is that of the smallest cavity", NO_TIP)
    named = only(measure_project(project_of(tmp_path / "named", one=beating())))
    assert found.ejection_percent == named.ejection_percent


def test_phases_that_are_named_the_other_way_round_are_said(tmp_path: Path) -> None:
    found = only(measure_project(project_of(tmp_path / "heart", one=replace(beating(), phases={"ed": 1, "es": 0}))))
    assert found.ejection_percent is not None
    assert found.ejection_percent < 0
    assert "larger at end systole than at end diastole" in found.reasons[0]


def test_no_phase_is_taken_by_its_cavity_unless_all_have_masks(tmp_path: Path) -> None:
    found = only(
        measure_project(project_of(tmp_path / "heart", one=replace(beating(), phases={"ed": 0}, mask_phases=(0,))))
    )
    assert (found.ed, found.es, found.ejection_percent) == ("ed", None, None)


def test_a_structure_that_is_never_labelled_is_not_measured(tmp_path: Path) -> None:
    found = measure_project(project_of(tmp_path / "heart", one=replace(beating(), mask_classes=("pool",))))
    assert found.stacks[0].edv_ml is not None
    assert found.stacks[0].mass_g is found.phases[0].thickness_median_mm is None
    assert "the myocardium is not labelled: no mass, no thickness" in found.stacks[0].reasons


def test_a_wall_of_eight_millimetres_is_eight_millimetres_thick(tmp_path: Path) -> None:
    (first, _) = measure_project(project_of(tmp_path / "heart", one=beating())).phases
    assert first.thickness_median_mm == pytest.approx(8.0, abs=0.4)
    assert [value for value in first.segments_mm[:16] if value is not None] == pytest.approx([8.0] * 16, abs=0.8)


def test_sixteen_segments_have_no_tip(tmp_path: Path) -> None:
    project, folder = project_of(tmp_path / "heart", one=beating()), tmp_path / "out"
    found = measure_project(project, n_segments=16, folder=folder, with_bulls_eyes=True)
    assert [len(row.segments_mm) for row in found.phases] == [16, 16]
    assert rows_of(folder / "phases.csv")[0]["segment_17_mm"] == ""
    assert len(list(folder.rglob("bulls-eyes/*.png"))) == 1


def test_a_wall_that_joins_no_surfaces_has_no_thickness_and_a_reason(tmp_path: Path) -> None:
    stack = beating()
    assert stack.mask is not None
    apart = np.where(stack.mask == MASK_CODES["pool"], MASK_CODES["background"], stack.mask).astype(np.uint8)
    apart[..., :3, :3] = MASK_CODES["pool"]
    (first, _) = measure_project(project_of(tmp_path / "heart", one=replace(stack, mask=apart))).phases
    assert (first.thickness_median_mm, first.segments_mm) == (None, ())
    assert first.reasons == (
        "no wall that joins two surfaces, or Laplace's equation is not solved in it: no thickness",
    )


@pytest.mark.parametrize(("base_first", "why"), [(None, "no end known as the base"), (True, "no right ventricle")])
def test_a_septum_that_is_not_seen_is_said_to_be_where_it_usually_is(
    tmp_path: Path, base_first: bool | None, why: str
) -> None:
    heart = ct_heart(subject=1, size=40, n_phases=2).stack
    found = measure_project(project_of(tmp_path / "heart", one=replace(heart, base_first=base_first)))
    (reason,) = found.phases[0].reasons
    assert reason.startswith(why)
    assert reason.endswith("the septum is where it usually is")
    assert found.stacks[0].reasons == (reason,)


@pytest.mark.slow
def test_a_model_is_measured_and_compared(project: Project, hearts: tuple[PhantomHeart, ...], tmp_path: Path) -> None:
    package = package_of(tmp_path / "model")
    found = measure_project(project, model=str(package), folder=tmp_path / "out", with_bulls_eyes=True)
    assert found.model == "random walls"
    assert [row.source for row in found.stacks] == ["reference", "model"] * len(hearts)
    assert {(row.phase, row.structure) for row in found.overlaps} == {
        (phase, structure) for phase in ("ed", "es") for structure in ("pool", "myocardium")
    }
    (edv,) = (one for one in found.agreement if one.figure == "end-diastolic volume")
    assert edv.reference == tuple(row.edv_ml for row in found.stacks if row.source == "reference")
    assert edv.bias.value == pytest.approx(np.mean(np.subtract(edv.seen, edv.reference)))
    check_files(found, tmp_path / "out")


def test_tables_of_what_was_measured_there_before_do_not_stay(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_model_repeat(project, monkeypatch)
    model, out = str(package_of(tmp_path / "model")), tmp_path / "out"
    assert {"agreement.csv", "agreement.png", "overlaps.csv"} <= {
        Path(file).name for file in measure_project(project, model=model, folder=out).files
    }
    (out / "mine.csv").write_text("mine")
    alone = measure_project(project, folder=out)
    assert {str(path) for path in out.iterdir()} == {*alone.files, str(out / "mine.csv")}


def straight_and_tilted(columns: int = 1) -> dict[str, Stack]:
    """A tube, and as a CT with a tilted gantry shows it: each slice lies some columns further aside."""
    drawn = np.pad(np.asarray(beating().mask), [(0, 0), (0, 0), (0, 0), (8, 8 * columns)])
    straight = replace(beating(), mask=drawn, pixels=drawn * np.int16(100))
    slices, affines = np.arange(drawn.shape[1]), straight.affines.copy()
    affines[:, :3, 3] -= columns * slices[:, None] * affines[0, :3, 0]
    mask = np.stack([np.roll(drawn[:, z], columns * z, axis=2) for z in slices], axis=1)
    return {"straight": straight, "tilted": replace(straight, affines=affines, mask=mask, pixels=mask * np.int16(100))}


def test_slices_that_lie_aside_are_as_far_apart_as_those_over_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a model that misses the first slice; the structure that it misses wholly counts the image's diagonal."""
    package, found = str(package_of(tmp_path / "model")), []
    for name, stack in straight_and_tilted(columns=12).items():
        project = project_of(tmp_path / name, one=stack)
        let_model_repeat(project, monkeypatch, first_slice=1)
        rows = measure_project(project, model=package).overlaps
        let_model_repeat(project, monkeypatch, without="pool")
        found.append([row.hausdorff_mm for row in (*rows, *measure_project(project, model=package).overlaps)])
    assert found[0] == pytest.approx(found[1])
    assert min(found[0]) == 0 < max(found[0][:4])


def test_slices_that_lie_aside_have_the_thickness_of_those_over_each_other(tmp_path: Path) -> None:
    """Of a CT whose gantry was tilted: volumes are the same, and so is the wall."""
    (one, *_), (two, *_) = (
        measure_project(project_of(tmp_path / name, one=stack)).phases for name, stack in straight_and_tilted().items()
    )
    assert two.thickness_median_mm == pytest.approx(one.thickness_median_mm)
    assert two.thickness_maximum_mm == pytest.approx(one.thickness_maximum_mm)
    assert two.segments_mm == pytest.approx(one.segments_mm, nan_ok=True)
    assert two.cavity_ml == pytest.approx(one.cavity_ml)


def check_files(found: Measured, folder: Path) -> None:
    """Tables have a row for every row, the JSON document says the same, pictures open."""
    assert {str(path) for path in folder.rglob("*") if path.is_file()} == set(found.files)
    document = json.loads((folder / "measured.json").read_text())
    for name in ("stacks", "phases", "overlaps", "agreement", "overlap"):
        rows = rows_of(folder / f"{name}.csv")
        assert len(rows) == len(document[name]) == len(getattr(found, name))
    first, *_ = rows_of(folder / "stacks.csv")
    assert float(first["edv_ml"]) == pytest.approx(found.stacks[0].edv_ml, rel=1e-5)
    for picture in folder.rglob("*.png"):
        with Image.open(picture) as image:
            assert min(image.size) > 100


def rows_of(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text().splitlines()))


def let_model_repeat(
    project: Project, monkeypatch: pytest.MonkeyPatch, *, without: str = "", first_slice: int = 0
) -> None:
    """From here on a model sees in a project's images what its masks show, but for one structure or some slices."""
    with project.cohort() as cohort:
        masks = {cohort.pixels(entry).tobytes(): np.array(cohort.mask(entry)) for entry in cohort.entries()}
    for mask in masks.values():
        mask[mask == MASK_CODES.get(without)] = MASK_CODES["background"]
        mask[:, :first_slice] = MASK_CODES["background"]

    def repeated(*arguments: object, **_: object) -> NDArray[np.uint8]:
        return codes_of_task(masks[np.asarray(arguments[2]).tobytes()], LV_WALL)

    monkeypatch.setattr(segmenter, "predict_masks", repeated)


def test_a_structure_that_a_model_misses_counts_the_worst_and_is_counted(
    project: Project, hearts: tuple[PhantomHeart, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_model_repeat(project, monkeypatch, without="pool")
    found = measure_project(project, model=str(package_of(tmp_path / "model")))
    assert {row.structure for row in found.overlaps if row.unmatched} == {"pool"}
    worst = [worst_distance(heart.stack.pixels.shape[1:], heart.stack.spacing) for heart in hearts]
    for one in found.overlap:
        missed = one.structure == "pool"
        assert one.unmatched == missed * len(hearts)
        assert one.hausdorff_mm.value == pytest.approx(missed * np.mean(worst))


def test_a_model_that_repeats_the_masks_agrees_wholly(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_model_repeat(project, monkeypatch)
    found = measure_project(project, model=str(package_of(tmp_path / "model")))
    assert all(row.dice == 1 and row.hausdorff_mm == 0 for row in found.overlaps)
    assert all((one.bias.value, one.lower.value) == (0, 0) for one in found.agreement)
    assert [one.icc.value for one in found.agreement] == pytest.approx([1] * len(found.agreement))


@pytest.mark.parametrize(("heights", "in_mm"), [((0, 8, 16, 24, 32, 40), True), ((0, 8, 24, 32, 40, 48), False)])
def test_slices_not_equally_far_apart_have_no_distance_in_mm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heights: tuple[float, ...], *, in_mm: bool
) -> None:
    project = project_of(tmp_path / "heart", one=beating(np.array(heights, float)))
    let_model_repeat(project, monkeypatch)
    found = measure_project(project, model=str(package_of(tmp_path / "model")))
    assert {row.hausdorff_mm for row in found.overlaps} == ({0.0} if in_mm else {None})
    assert {row.dice for row in found.overlaps} == {1.0}


def test_whom_a_model_was_trained_on_is_measured_but_not_compared(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is known by another of its stacks, one by its hashed id; the last is new to the model."""
    with project.cohort() as cohort:
        by_stack, by_hash, new = (entry.subject for entry in cohort.entries())
        other = cohort.add(FoundStack(stack=beating(), subject=by_stack, series_key="other"))
    let_model_repeat(project, monkeypatch)
    home = Training(name="home", subjects=hash_subjects([by_hash], secret="home"))
    trainings = home, Training(name="bundle"), Training(name="not packed", stacks=(other.id,))
    found = measure_project(project, model=str(package_of(tmp_path / "model", *trainings)))
    assert (found.seen_before, found.unknown_trainings) == (tuple(sorted([by_stack, by_hash])), ("bundle",))
    assert {one.subject for one in found.stacks if one.source == "model"} == {by_stack, by_hash, new}
    assert {one.subjects for one in found.overlap} == {1}
    assert found.agreement == (), "two subjects are needed"


def test_what_cannot_be_measured_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected masks"):
        measure_project(Project.create(tmp_path / "empty"))
    project = project_of(tmp_path / "heart", one=beating())
    with pytest.raises(InputError, match="label from-masks"):
        measure_project(project, slices_by="labels")
    with pytest.raises(InputError, match="judges slices"):
        measure_project(project, slices_by=str(package_of(tmp_path / "model")))


def judge_of(folder: Path) -> Path:
    """A model that tells ranges of slices, with random weights."""
    contract = spec("mobilenetv1_025").contract
    package = ModelPackage(
        name="random ranges",
        task=SAX_RANGE,
        network="mobilenetv1_025",
        size=32,
        contract=contract,
        recipe=PAPER,
        lineage=Lineage(hops=(Hop(what="scratch", weights_digest="00"),)),
        figures={},
        state=build("mobilenetv1_025", n_classes=3, contract=contract).state_dict(),
        seen=Seen(),
    )
    return write_package(package, folder)


def base_is_out(*arguments: Any, **settings: Any) -> Predictions:
    """What the model says, with other scores: the most basal slice is OBS, all others are IN."""
    found = predict_stacks(*arguments, **settings)
    sure = np.where(found.slice == 0, SAX_RANGE.index("OBS"), SAX_RANGE.index("IN"))
    return replace(found, y_score=np.eye(3)[sure] * 0.98 + 0.01)


@pytest.mark.parametrize("base_first", [True, False])
def test_a_model_judges_slices_wherever_the_base_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_first: bool
) -> None:
    """A tube that narrows: leaving out its one end or the other changes the volume by another amount."""
    stack = beating()
    assert stack.mask is not None
    for index in range(stack.mask.shape[1]):
        stack.mask[:, index, : index + 9] = 0
    project = project_of(tmp_path / "heart", one=replace(stack, base_first=base_first))
    monkeypatch.setattr(slices_that_count, "predict_stacks", base_is_out)
    found = measure_project(project, slices_by=str(judge_of(tmp_path / "judge")))
    for phase, row in zip(stack.mask, found.phases, strict=True):
        lost = np.count_nonzero(phase[0 if base_first else -1] == MASK_CODES["pool"]) * ML
        assert (row.left_out, row.change_ml) == (1, pytest.approx(-lost))


def test_a_stack_with_masks_at_other_phases_alone_is_left_out(tmp_path: Path) -> None:
    stack = beating()
    assert stack.mask is not None
    later = replace(
        stack,
        mask=np.concatenate([stack.mask, stack.mask[:1]]),
        pixels=np.concatenate([stack.pixels, stack.pixels[:1]]),
        mask_phases=(2,),
    )
    project = project_of(tmp_path / "heart", one=later)
    found = measure_project(project, folder=tmp_path / "out")
    (one,) = found.left_out
    assert (found.stacks, one.subject, one.source) == ((), "one", "reference")
    assert rows_of(tmp_path / "out" / "left-out.csv") == [vars(one)]
    every = only(measure_project(project, phases="all"))
    assert (every.ed, every.edv_ml) == (None, None)
    assert every.reasons == (
        "end diastole and end systole are not both known and measured: no ejection fraction", NO_TIP,
    )  # fmt: skip
