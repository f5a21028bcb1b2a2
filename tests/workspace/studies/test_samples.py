"""Slices are read one by one, from however many stacks."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medgraft.core.stack import FoundStack
from medgraft.phantoms import short_axis_heart
from medgraft.workspace import Project, label_from_masks
from medgraft.workspace.studies.samples import image_reader, project_samples

N_STACKS = 90


@pytest.fixture
def many_stacks(tmp_path: Path) -> Project:
    """More stacks than `few_files` may be open."""
    heart = short_axis_heart(subject=1, size=32, n_phases=2, n_slices=3).stack
    project = Project.create(tmp_path / "many")
    with project.cohort() as cohort:
        for number in range(N_STACKS):
            other = replace(heart, pixels=heart.pixels + heart.pixels.dtype.type(number))
            cohort.add(FoundStack(stack=other, subject=f"P{number:03d}", series_key="sax"))
    return project


@pytest.fixture
def few_files() -> Iterator[None]:
    """A process may open 75 files more; usually that is a thousand in all."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 75, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="open files are counted in /proc")
@pytest.mark.usefixtures("few_files")
def test_more_stacks_than_files_may_be_open_are_labelled_and_read(many_stacks: Project) -> None:
    assert label_from_masks(many_stacks).stacks == N_STACKS
    samples = project_samples(many_stacks, "sax-range")
    with many_stacks.cohort() as cohort:
        read = image_reader(cohort)
        seen = {item.unit.stack: float(read(item.unit).min()) for item in samples.items}
    assert len(set(seen.values())) == len(seen) == N_STACKS
