"""What is one is said in the singular."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medgraft.images import write_nifti
from medgraft.phantoms import short_axis_heart
from medgraft.workspace import Project, correct_stack, import_images

Run = Callable[..., Any]

#: One of anything, with a noun of several.
_WRONG = re.compile(r"\b1 (?:[a-z]+ )?(?:image|stack|slice|subject|phase|file|mask|label|note|round|reader)s\b")

#: What is said of a heart of one slice and one phase, each after what it needs.
COMMANDS = (
    ("label", "from-masks"),
    ("label", "status"),
    ("label", "export", "labels.csv"),
    ("label", "import", "labels.csv"),
    ("cohort",),
    ("notes",),
    ("readers", "list"),
    ("readers", "add", "ana"),
    ("readers", "add", "ben"),
    ("reading", "open", "first", "--reader", "ana", "--reader", "ben"),
    ("reading", "status"),
    ("masks", "repair"),
    ("masks", "export", "--out", "out"),
    ("measure",),
)


def test_one_is_one(medgraft: Run, tmp_path: Path) -> None:
    heart = short_axis_heart(subject=1, size=32, n_phases=2, n_slices=3).stack
    assert heart.mask is not None
    cut = (slice(0, 1), slice(1, 2))
    one = replace(heart, pixels=heart.pixels[cut], mask=heart.mask[cut], affines=heart.affines[1:2], phases={},
                  mask_phases=(0,), times=None)  # fmt: skip
    write_nifti(tmp_path / "scans" / "P1.nii.gz", one, tmp_path / "scans" / "P1_gt.nii.gz")
    (tmp_path / "phases.csv").write_text("subject,ed\nP1,0\n")
    project = Project.create(tmp_path / "heart")
    (row,) = import_images(project, tmp_path / "scans", phases=tmp_path / "phases.csv").added
    correct_stack(project, row.id, base_first=True)
    for command in (("import", "scans"), *COMMANDS):
        run = medgraft(*command, "--project", "heart", cwd=tmp_path)
        assert run.code == 0, run.err
        assert not _WRONG.findall(run.out), run.out
