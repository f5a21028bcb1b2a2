"""The masked sequences of a project: what is read of them is what their digests say."""

from pathlib import Path

import numpy as np
import pytest

from medgraft.core.digest import array_digest
from medgraft.core.errors import ProjectError
from medgraft.phantoms import write_acdc_layout
from medgraft.recipe import VolumeRecipe
from medgraft.study.curve.mask_data import MaskData, Rendered
from medgraft.workspace.masks.samples import project_masks, volume_reader
from medgraft.workspace.project import Project
from medgraft.workspace.stacks.importing import import_images


@pytest.fixture
def drawn(tmp_path: Path) -> Project:
    """One heart with its masks."""
    write_acdc_layout(tmp_path / "acdc", 1, size=32, n_phases=4)
    project = Project.create(tmp_path / "project")
    import_images(project, tmp_path / "acdc")
    return project


def test_a_mask_that_is_replaced_while_a_curve_learns_is_never_taken_for_the_one_before(
    drawn: Project, tmp_path: Path
) -> None:
    samples = project_masks(drawn, "lv-wall", in_mm=False)
    (item,) = samples.items
    with drawn.cohort() as cohort:
        read, entry = volume_reader(cohort), cohort.entry(item.stack)
        before = read.mask(item.stack, item.mask_digest)
        kept = np.array(before)
        assert array_digest(kept) == item.mask_digest
        recipe = VolumeRecipe(spacing=4.0, shape=(8, 8, 8))
        data = MaskData(samples=samples, read=read, recipe=recipe, dims=3, augment=False, seed=1)
        cohort.set_mask(entry.id, np.ones(entry.shape, np.uint8), entry.mask_phases)
    np.testing.assert_array_equal(before, kept)  # who read it already goes on to
    with pytest.raises(ProjectError, match=f"the mask of stack {item.stack} as it was.*Do: start again"):
        Rendered(data=data, cache=tmp_path / "cache").volumes(0)
    (after,) = project_masks(drawn, "lv-wall", in_mm=False).items
    assert read.mask(after.stack, after.mask_digest).all()
