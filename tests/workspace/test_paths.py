"""What callers name as text is taken for a path, wherever a verb is public."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from medgraft import workspace
from medgraft.workspace import (
    Project,
    export_labels,
    import_images,
    import_labels,
    is_project,
    label_from_masks,
    write_phantoms,
)
from medgraft.workspace.curves.asking import read_request
from medgraft.workspace.curves.reporting import report_curve
from medgraft.workspace.kept.find_model import find_model
from medgraft.workspace.measuring.running import measure_project
from medgraft.workspace.models.explaining import explain_model
from medgraft.workspace.models.inspection import inspect_package
from medgraft.workspace.models.packing import add_package, pack_model, unpack_model, verify_package
from medgraft.workspace.models.predicting import predict_folder
from medgraft.workspace.sites.agreement import agree_sites
from medgraft.workspace.sites.rules import check_rules, new_rules
from medgraft.workspace.studies.reporting import report_study
from medgraft.workspace.studies.request import read_study

#: Verbs that compute, and are imported from their own files.
COMPUTING = (
    add_package,
    agree_sites,
    check_rules,
    explain_model,
    find_model,
    inspect_package,
    measure_project,
    new_rules,
    pack_model,
    predict_folder,
    read_request,
    read_study,
    report_curve,
    report_study,
    unpack_model,
    verify_package,
)


@pytest.mark.parametrize(
    "verb",
    [
        *(verb for name in workspace.__all__ if inspect.isfunction(verb := getattr(workspace, name))),
        *(Project.create, Project.open, Project.open_or_create, *COMPUTING),
    ],
    ids=lambda verb: verb.__qualname__,
)
def test_public_verbs_take_text_for_a_path(verb: Callable[..., object]) -> None:
    hints = get_type_hints(verb)
    asked = {name: hint for name, hint in hints.items() if name != "return" and Path in (hint, *get_args(hint))}
    assert not asked


def test_a_path_may_be_text(project: Project, tmp_path: Path) -> None:
    root = str(project.root)
    assert is_project(root)
    assert Project.open(root) == Project.open_or_create(root) == project
    write_phantoms(str(tmp_path / "scans"), subjects=1, size=32, phases=2)
    made = Project.create(str(tmp_path / "new"))
    assert import_images(made, str(tmp_path / "scans")).added
    label_from_masks(made)
    sheet = str(tmp_path / "labels.csv")
    assert export_labels(made, sheet).rows == import_labels(made, sheet).unchanged > 0
