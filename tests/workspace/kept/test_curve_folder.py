"""Findings of a curve are read whole, or it is said what to do."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from medgraft.core.errors import ProjectError
from medgraft.workspace.curves.running import CurveSummary
from medgraft.workspace.kept.curve_folder import FINDINGS, FOUND, read_findings


def test_what_is_kept_of_a_curve_is_its_summary() -> None:
    assert set(FOUND) == {item.name for item in fields(CurveSummary)}


@pytest.mark.parametrize("lacking", FOUND)
def test_findings_of_an_older_medgraft_are_made_again(tmp_path: Path, lacking: str) -> None:
    (tmp_path / FINDINGS).parent.mkdir()
    whole = dict.fromkeys(FOUND, "said")
    (tmp_path / FINDINGS).write_text(json.dumps(whole))
    assert read_findings(tmp_path) == whole
    del whole[lacking]
    (tmp_path / FINDINGS).write_text(json.dumps(whole))
    with pytest.raises(ProjectError, match=r"of an older medgraft\. Do: start the curve again"):
        read_findings(tmp_path)
