"""Two sites' masks of the same cases: agreement as an independent count finds it, by subject, structure and rule."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from medgraft.core.errors import ImageError, InputError
from medgraft.core.geometry import BASE_TO_APEX
from medgraft.core.stack import FoundStack, Stack
from medgraft.core.task import MASK_CODES
from medgraft.evaluation import worst_distance
from medgraft.exchange import blank_form
from medgraft.images import write_nifti
from medgraft.workspace import Project
from medgraft.workspace.sites.agreement import agree_sites
from medgraft.workspace.sites.rules import check_rules, new_rules

SPACING = (4.0, 2.0, 1.0)
SHAPE = (2, 9, 16, 20)


def drawn(shift: int = 0, n_slices: int = 9) -> NDArray[np.uint8]:
    """A block of pool in a block of myocardium, in the first `n_slices` slices; the pool may lie aside."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, :n_slices, 2:14, 2:18] = MASK_CODES["myocardium"]
    mask[:, :n_slices, 5:11, 5 + shift : 13 + shift] = MASK_CODES["pool"]
    return mask


def stack_of(mask: NDArray[np.uint8], pixels: NDArray[np.int16] | None = None) -> Stack:
    """A stack across the usual long axis of the heart, base first."""
    z = BASE_TO_APEX / np.linalg.norm(BASE_TO_APEX)
    x = np.cross(z, [0, 0, 1])
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    affines = np.tile(np.eye(4), (len(mask[0]), 1, 1))
    affines[:, :3, 0], affines[:, :3, 1], affines[:, :3, 2] = x * SPACING[2], y * SPACING[1], z
    affines[:, :3, 3] = np.arange(len(mask[0]))[:, None] * z * SPACING[0]
    pixels = np.zeros(mask.shape, np.int16) if pixels is None else pixels
    return Stack(pixels=pixels, affines=affines, spacing=SPACING, mask=mask, mask_phases=(0, 1))


def folder_of(place: Path, masks: dict[str, NDArray[np.uint8]]) -> Path:
    """A folder of NIfTI masks by name."""
    for name, mask in masks.items():
        write_mask(place / f"{name}.nii.gz", stack_of(mask))
    return place


def write_mask(path: Path, stack: Stack) -> None:
    assert stack.mask is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(path, replace(stack, pixels=stack.mask))


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def test_structures_agree_as_counted_and_distances_are_in_mm(tmp_path: Path) -> None:
    ours = folder_of(tmp_path / "a", {"P1/cine": drawn(), "P2/cine": drawn()})
    theirs = folder_of(tmp_path / "b", {"P1/cine": drawn(), "P2/cine": drawn(shift=2)})
    found = agree_sites(ours, theirs)
    by_name = {one.structure: one for one in found.structures}
    assert set(by_name) == {"pool", "myocardium"}
    for name, one in by_name.items():
        moved = overlap(drawn() == MASK_CODES[name], drawn(2) == MASK_CODES[name])
        assert one.dice.value == pytest.approx((1 + moved) / 2)
        assert (one.subjects, one.cases) == (2, 4)
        assert one.dice.low <= one.dice.value <= one.dice.high
    # The pool of one of two subjects lies two columns of 1 mm aside.
    assert by_name["pool"].hausdorff_mm.value == pytest.approx(1.0)
    assert [case.subject for case in found.cases[:4]] == ["P2"] * 4
    assert found.left_out == ()


def test_a_subject_counts_once_however_many_cases_it_has(tmp_path: Path) -> None:
    names = ["P1/a", "P1/b", "P1/c", "P2/a"]
    ours = folder_of(tmp_path / "a", dict.fromkeys(names, drawn()))
    theirs = folder_of(tmp_path / "b", {name: drawn(shift=2 * (name == "P2/a")) for name in names})
    (pool,) = (one for one in agree_sites(ours, theirs).structures if one.structure == "pool")
    moved = overlap(drawn() == 1, drawn(2) == 1)
    assert pool.dice.value == pytest.approx((1 + moved) / 2)
    assert pool.subjects == 2


def test_equal_masks_agree_wholly_either_way_round(tmp_path: Path) -> None:
    ours = folder_of(tmp_path / "a", {"P1": drawn(), "P2": drawn(shift=1)})
    theirs = folder_of(tmp_path / "b", {"P1": drawn(), "P2": drawn(shift=2)})
    for one in agree_sites(ours, ours).structures:
        assert (one.dice.value, one.hausdorff_mm.value) == (1, 0)
    assert agree_sites(ours, theirs).structures == agree_sites(theirs, ours).structures


def test_a_cavity_that_ends_elsewhere_shows_at_the_base_only(tmp_path: Path) -> None:
    """The other site leaves out the slice next to the valves."""
    shorter = drawn()
    shorter[:, :1] = 0
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": shorter})
    found = agree_sites(ours, theirs)
    base, rest = found.parts
    assert [rule.key for rule in found.rules if rule.part == "base"] == ["mitral_plane", "outflow_tract"]
    assert (base.structure, base.part, rest.part) == ("pool", "base", "rest")
    assert base.dice.value == pytest.approx(2 * 2 / (2 + 3))
    assert base.hausdorff_mm.value == pytest.approx(SPACING[0])
    assert (rest.dice.value, rest.hausdorff_mm.value) == (1, 0)


def lying(mask: NDArray[np.uint8], *, degrees: float) -> Stack:
    """A stack that is turned away from the heart's usual axis, about its columns."""
    stack = stack_of(mask, np.zeros(mask.shape, np.int16))
    axis = stack.affines[0, :3, 1] / np.linalg.norm(stack.affines[0, :3, 1])
    turn = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
    return replace(stack, affines=np.array([np.block([[turn @ one[:3]], [one[3:]]]) for one in stack.affines]))


@pytest.mark.parametrize("base_first", [True, False])
def test_base_and_rest_of_a_short_axis_stack_are_cut_along_its_slices(tmp_path: Path, *, base_first: bool) -> None:
    """In a heart that lies 45 degrees off the usual, another cavity in the three basal slices shows there alone."""
    drawings = {"a": drawn(), "b": drawn()}
    drawings["b"][:, :3] = drawn(shift=2)[:, :3]
    order = 1 if base_first else -1
    roots = []
    for site, mask in drawings.items():
        turned = lying(mask, degrees=45)
        stack = replace(turned, mask=mask[:, ::order], affines=turned.affines[::order].copy(), base_first=base_first)
        with Project.create(tmp_path / site).cohort() as cohort:
            cohort.add(FoundStack(stack=stack, subject="P1", series_key="sax"))
        roots.append(tmp_path / site)
    found = agree_sites(*roots)
    base, rest = found.parts
    assert base.dice.value == pytest.approx(overlap(drawn() == 1, drawn(2) == 1))
    assert rest.dice.value == 1
    assert {case.axis for case in found.cases} == {"slices"}
    with Project.open(roots[1]).cohort() as cohort:
        cohort.set_base_first(cohort.entries()[0].id, not base_first)
    assert {case.axis for case in agree_sites(*roots).cases} == {"usual"}, "the sites do not say the same"


def test_base_and_rest_are_told_by_slices_where_no_spacing_is_known_and_not_by_directions_that_nobody_knows(
    tmp_path: Path,
) -> None:
    shorter = drawn()
    shorter[:, :1] = 0
    for change, axis in (({"spacing": None, "base_first": True}, "slices"), ({"directions_known": False}, "unknown")):
        roots = [tmp_path / axis / site for site in "ab"]
        for root, mask in zip(roots, (drawn(), shorter), strict=True):
            stack = replace(stack_of(mask, np.zeros(SHAPE, np.int16)), **change)
            with Project.create(root).cohort() as cohort:
                cohort.add(FoundStack(stack=stack, subject="P1", series_key="sax"))
        found = agree_sites(*roots)
        assert {case.axis for case in found.cases} == {axis}
        expected = {"base": pytest.approx(2 * 2 / (2 + 3)), "rest": 1} if axis == "slices" else {}
        assert {one.part: one.dice.value for one in found.parts} == expected


def test_slices_that_lie_aside_are_as_far_apart_as_those_over_each_other(tmp_path: Path) -> None:
    """Of a tilted gantry: the other site leaves out a slice, whose wall is one slice from the next."""
    shorter = drawn()
    shorter[:, :1] = 0
    places = []
    for site, mask in {"a": drawn(), "b": shorter}.items():
        stack = stack_of(np.pad(mask, [(0, 0), (0, 0), (0, 0), (0, 80)]))
        affines, slices = stack.affines.copy(), np.arange(SHAPE[1])
        affines[:, :3, 3] -= 10 * slices[:, None] * affines[0, :3, 0]
        moved = np.stack([np.roll(stack.mask[:, z], 10 * z, axis=2) for z in slices], axis=1)
        write_mask(tmp_path / site / "P1.nii.gz", replace(stack, affines=affines, mask=moved, pixels=moved))
        places.append(tmp_path / site)
    straight = [
        folder_of(tmp_path / "straight" / site, {"P1": mask}) for site, mask in (("a", drawn()), ("b", shorter))
    ]
    for one, other in zip(agree_sites(*places).structures, agree_sites(*straight).structures, strict=True):
        assert one.hausdorff_mm.value == pytest.approx(other.hausdorff_mm.value)


def test_a_border_that_lies_elsewhere_is_as_far_in_every_part(tmp_path: Path) -> None:
    """The cut between base and rest is no border of either mask: between masks that are cut the base is 0 mm apart."""
    wider = drawn()
    wider[:, :, 5:7, 13] = MASK_CODES["pool"]
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": wider})
    found = agree_sites(ours, theirs)
    assert [one.part for one in found.parts] == ["base", "rest"]
    assert [one.hausdorff_mm.value for one in found.parts] == pytest.approx([1.0, 1.0])


def test_a_structure_that_a_site_missed_counts_the_worst_and_is_counted(tmp_path: Path) -> None:
    """Of two phases the other site drew the pool in one."""
    missed = drawn()
    missed[1][missed[1] == MASK_CODES["pool"]] = 0
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": missed})
    pool, wall = agree_sites(ours, theirs).structures
    assert (pool.structure, pool.cases, pool.unmatched, wall.unmatched) == ("pool", 2, 1, 0)
    assert pool.dice.value == 0.5
    assert pool.hausdorff_mm.value == pytest.approx(worst_distance(SHAPE[1:], SPACING) / 2)


def test_a_structure_that_one_site_never_draws_is_not_compared(tmp_path: Path) -> None:
    pool_only = np.where(drawn() == 1, 1, 0).astype(np.uint8)
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": pool_only})
    assert [one.structure for one in agree_sites(ours, theirs).structures] == ["pool"]


def test_phases_that_one_site_left_empty_are_not_compared(tmp_path: Path) -> None:
    one_phase = drawn()
    one_phase[1] = 0
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": one_phase})
    assert {one.cases for one in agree_sites(ours, theirs).structures} == {1}


def test_what_cannot_be_compared_is_left_out_with_its_reason(tmp_path: Path) -> None:
    ours = folder_of(tmp_path / "a", {"P1": drawn(), "P2": drawn(), "P3": drawn()})
    theirs = folder_of(tmp_path / "b", {"P1": drawn(), "P2": drawn()[:, :5]})
    assert [(one.case, one.reason) for one in agree_sites(ours, theirs).left_out] == [
        ("P3", "at one site only"),
        ("P2", "(2, 9, 16, 20) at one site, (2, 5, 16, 20) at the other"),
    ]
    shutil.rmtree(theirs)
    with pytest.raises(InputError, match="found no mask"):
        agree_sites(ours, theirs)
    with pytest.raises(InputError, match=r"Expected masks of the same cases .* P9: at one site only.*the same path"):
        agree_sites(ours, folder_of(tmp_path / "c", {"P9": drawn()}))
    with pytest.raises(InputError, match=r"Do: compare two folders .*, or two projects\."):
        agree_sites(ours, project_of(tmp_path / "d", {"P1": drawn()}))
    with pytest.raises(InputError, match=r"at the other\.$"):
        agree_sites(ours, folder_of(tmp_path / "e", {"P1": drawn()[:, :5]}))


def test_masks_that_are_stored_in_another_orientation_are_not_compared_voxel_by_voxel(tmp_path: Path) -> None:
    ours, theirs = (folder_of(tmp_path / site, {"P1": drawn(), "P2": drawn()}) for site in "ab")
    stack = stack_of(drawn()[:, ::-1])
    write_mask(theirs / "P2.nii.gz", replace(stack, affines=stack.affines[::-1].copy()))
    found = agree_sites(ours, theirs)
    assert {case.case for case in found.cases} == {"P1"}
    (one,) = found.left_out
    assert one.case == "P2"
    assert one.reason.startswith("stored in another orientation")


def test_of_stacks_that_lie_nobody_knows_where_only_the_whole_is_compared(tmp_path: Path) -> None:
    roots = []
    for site, shift in {"a": 0, "b": 2}.items():
        project = Project.create(tmp_path / site)
        stack = replace(stack_of(drawn(shift), np.zeros(SHAPE, np.int16)), spacing=None)
        with project.cohort() as cohort:
            cohort.add(FoundStack(stack=stack, subject="P1", series_key="sax"))
        roots.append(project.root)
    found = agree_sites(*roots)
    assert {one.part for one in found.structures} == {"whole"}
    assert all(np.isnan(one.hausdorff_mm.value) for one in found.structures)


def test_masks_in_a_sites_own_codes_are_compared_as_what_they_mean(tmp_path: Path) -> None:
    """The other site draws as ACDC does: 1 right ventricle, 2 myocardium, 3 pool."""
    ours = folder_of(tmp_path / "a", {"P1": drawn(), "P2": drawn(shift=1)})
    acdc = {0: 0, 1: MASK_CODES["rv"], 2: MASK_CODES["myocardium"], 3: MASK_CODES["pool"]}
    recoded = {"P1": drawn(), "P2": drawn(shift=2)}
    theirs = folder_of(tmp_path / "b", recoded)
    coded = folder_of(tmp_path / "c", {name: (4 - mask) * (mask > 0) for name, mask in recoded.items()})
    found = agree_sites(ours, coded, mask_codes_b=acdc)
    assert found.structures == agree_sites(ours, theirs).structures
    assert agree_sites(coded, ours, mask_codes_a=acdc).structures == found.structures
    with pytest.raises(ImageError, match=r"got 2\. Is it a mask"):
        agree_sites(ours, coded, mask_codes_b={0: 0, 3: 1})
    with pytest.raises(InputError, match="a project, where they are ours"):
        agree_sites(ours, project_of(tmp_path / "d", {"P1": drawn()}), mask_codes_b=acdc)


def test_images_beside_masks_are_no_masks_and_masks_are_known_by_the_names_of_their_images(tmp_path: Path) -> None:
    """As ACDC and medgraft itself lay out files: image, image_gt, and an image without a mask."""
    ours = folder_of(tmp_path / "a", {"P1/cine_gt": drawn()})
    grey = replace(stack_of(drawn()), pixels=drawn() * np.int16(50) + 7)
    for name in ("cine", "whole"):
        write_nifti(ours / "P1" / f"{name}.nii.gz", grey)
    theirs = folder_of(tmp_path / "b", {"P1/cine": drawn(shift=2)})
    found = agree_sites(ours, theirs)
    assert ({case.case for case in found.cases}, found.left_out) == ({"P1/cine"}, ())


def test_a_file_that_is_there_packed_and_unpacked_is_in_doubt(tmp_path: Path) -> None:
    ours, theirs = (folder_of(tmp_path / site, {"P1": drawn(), "P2": drawn()}) for site in "ab")
    write_mask(theirs / "P2.nii", stack_of(drawn(shift=2)))
    (one,) = agree_sites(ours, theirs).left_out
    assert one.case == "P2"
    assert one.reason.startswith("drawn 2 times at one site")


def project_of(root: Path, masks: dict[str, NDArray[np.uint8]]) -> Path:
    """A project that holds masks over pixels that are the subject's own."""
    project = Project.create(root)
    with project.cohort() as cohort:
        for number, (subject, mask) in enumerate(masks.items()):
            pixels = np.random.default_rng(number).integers(0, 99, SHAPE, np.int16)
            cohort.add(FoundStack(stack=stack_of(mask, pixels), subject=f"{root.name} {subject}", series_key="sax"))
    return project.root


def test_projects_are_compared_by_their_pixels_whatever_subjects_are_called(tmp_path: Path) -> None:
    masks = {"P1": drawn(), "P2": drawn(shift=2)}
    ours = project_of(tmp_path / "a", dict.fromkeys(masks, drawn()))
    found = agree_sites(ours, project_of(tmp_path / "b", masks))
    (pool,) = (one for one in found.structures if one.structure == "pool")
    assert pool.dice.value == pytest.approx((1 + overlap(drawn() == 1, drawn(2) == 1)) / 2)
    assert {case.subject for case in found.cases} == {"a P1", "a P2"}
    alone = agree_sites(ours, project_of(tmp_path / "c", {"P1": drawn()}))
    (one,) = alone.left_out
    assert one.case.startswith("a P2, ")


def twice(root: Path, *masks: NDArray[np.uint8]) -> Path:
    """A project in which the first of two images has been drawn several times."""
    place = project_of(root, {"P1": masks[0], "P2": drawn()})
    pixels = np.random.default_rng(0).integers(0, 99, SHAPE, np.int16)
    with Project.open(place).cohort() as cohort:
        for number, mask in enumerate(masks[1:]):
            cohort.add(FoundStack(stack=stack_of(mask, pixels), subject=f"again {number}", series_key="sax"))
    return place


def test_an_image_that_is_there_twice_with_one_mask_counts_once(tmp_path: Path) -> None:
    ours = twice(tmp_path / "a", drawn(shift=2), drawn(shift=2))
    theirs = project_of(tmp_path / "b", {"P1": drawn(), "P2": drawn()})
    found = agree_sites(ours, theirs)
    (pool,) = (one for one in found.structures if one.structure == "pool")
    assert (pool.subjects, pool.cases, found.left_out) == (2, 4, ())


def test_an_image_that_one_site_has_drawn_in_two_ways_is_left_out(tmp_path: Path) -> None:
    ours = twice(tmp_path / "a", drawn(), drawn(shift=2))
    theirs = project_of(tmp_path / "b", {"P1": drawn(), "P2": drawn(shift=1)})
    for places in ((ours, theirs), (theirs, ours)):
        found = agree_sites(*places)
        (one,) = found.left_out
        assert "drawn 2 times at one site, and not alike: a P1" in one.reason
        assert {case.subject for case in found.cases} <= {"a P2", "b P2"}


@pytest.fixture
def rules(tmp_path: Path) -> Callable[..., Path]:
    """A form that is filled in, with some answers changed."""

    def write(name: str, **answers: str) -> Path:
        sound = {
            "site": name,
            "annotators": "two",
            "tool": "by hand",
            "phases": "ed and es",
            "papillary_muscles": "pool",
            "trabeculae": "pool",
            "mitral_plane": "closed leaflets",
            "outflow_tract": "left out",
        }
        form = blank_form()
        for key, answer in {**sound, **answers}.items():
            form = form.replace(f"\n{key}:\n", f"\n{key}: {answer}\n")
        (tmp_path / f"{name}.yaml").write_text(form)
        return tmp_path / f"{name}.yaml"

    return write


def test_rules_that_differ_are_said_so(tmp_path: Path, rules: Callable[..., Path]) -> None:
    ours, theirs = folder_of(tmp_path / "a", {"P1": drawn()}), folder_of(tmp_path / "b", {"P1": drawn()})
    first, second = rules("north"), rules("south", papillary_muscles="myocardium", phases="every phase")
    found = agree_sites(ours, theirs, rules_a=first, rules_b=second)
    assert [(rule.key, rule.a, rule.b) for rule in found.rules if rule.differs] == [
        ("papillary_muscles", "pool", "myocardium")
    ]
    checked = check_rules(first, second)
    assert [one.key for one in checked.differences] == ["papillary_muscles"]
    assert [one.key for one in checked.not_compared] == ["site", "phases"]
    assert check_rules(first).differences == ()
    with pytest.raises(InputError, match=r"got 'green'.*east\.yaml"):
        check_rules(first, rules("east", trabeculae="green"))


def test_the_blank_form_is_not_written_over_anything(tmp_path: Path) -> None:
    assert new_rules(tmp_path / "rules.yaml").rules is None
    (tmp_path / "rules.yaml").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        new_rules(tmp_path / "rules.yaml")
    assert (tmp_path / "rules.yaml").read_text() == "mine"
