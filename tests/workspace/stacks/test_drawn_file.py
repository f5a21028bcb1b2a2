"""Whatever a subject is called, its pictures can be written, each under a name of its own."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medgraft.workspace.stacks.drawn_file import drawn_file


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=64))
def test_every_subject_has_a_file_per_stack(tmp_path_factory: pytest.TempPathFactory, subject: str) -> None:
    folder = tmp_path_factory.mktemp("sheets")
    names = {drawn_file(subject, stack, "ed") for stack in ("0" * 16, "1" * 16)}
    for name in (*names, drawn_file("心" * 64, "0" * 16, "es/2")):
        (folder / name).touch()
    assert {path.name for path in folder.iterdir()} >= names
    assert len(list(folder.iterdir())) == 3


def test_a_picture_lies_in_its_folder() -> None:
    assert Path(drawn_file("../12/34", "0", "e/d")).name == drawn_file("../12/34", "0", "e/d")
