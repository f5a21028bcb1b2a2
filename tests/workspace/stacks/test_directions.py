"""Where the source does not say how the patient lies, no screen, no figure and no file pretends to know."""

from dataclasses import replace
from pathlib import Path

import pytest

from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack
from medgraft.images import read_nifti
from medgraft.phantoms import PhantomHeart
from medgraft.workspace import Project, correct_subject, list_cohort
from medgraft.workspace.masks.exporting import export_masks
from medgraft.workspace.masks.returning import return_masks
from medgraft.workspace.measuring.running import measure_project
from medgraft.workspace.stacks.importing import import_images
from medgraft.workspace.stacks.pixels import stack_places
from medgraft.workspace.stacks.volumes import stack_volume


@pytest.fixture
def nowhere(tmp_path: Path, hearts: tuple[PhantomHeart, ...]) -> Project:
    """A heart with its spacing, of which nobody knows how it lies."""
    project = Project.create(tmp_path / "nowhere")
    stack = replace(hearts[0].stack, directions_known=False)
    with project.cohort() as cohort:
        cohort.add(FoundStack(stack=stack, subject="P1", series_key="sax", series="sax", source="P1/sax"))
    return project


def check_nowhere(project: Project) -> None:
    """It has distances, and neither letters nor segments."""
    (row,) = list_cohort(project).stacks
    assert row.spacing is not None
    assert stack_places(project)[row.id].edges is None
    volume = stack_volume(project, row.id)
    assert volume.ends is None
    assert volume.positions is not None
    for phase in measure_project(project).phases:
        assert phase.cavity_ml
        assert phase.segments_mm == ()
        assert "where the patient's front is cannot be told: no segments" in phase.reasons


def test_letters_and_segments_are_left_out(nowhere: Project) -> None:
    check_nowhere(nowhere)


def test_a_file_of_it_says_so_and_comes_back(nowhere: Project, tmp_path: Path) -> None:
    (written,) = export_masks(nowhere, tmp_path / "out", images=True).files
    assert not read_nifti(Path(written.mask)).directions_known
    returned = return_masks(nowhere, tmp_path / "out")
    assert (len(returned.unchanged), returned.left_out) == (1, ())
    again = Project.create(tmp_path / "again")
    import_images(again, tmp_path / "out")
    (place,) = stack_places(again).values()
    assert place.edges is None


def test_its_spacing_is_its_sources_own(nowhere: Project) -> None:
    with pytest.raises(InputError, match="whose source says no spacing, got none"):
        correct_subject(nowhere, "P1", spacing=(8.0, 1.5, 1.5))
