"""The two-site demonstration from end to end, on fewer and smaller hearts."""

import html
from pathlib import Path

import pytest

from medgraft.workspace import Project
from medgraft.workspace.demos import two_sites
from medgraft.workspace.demos.two_sites import demonstrate_two_sites
from medgraft.workspace.masks.samples import project_masks

SMALL = {
    "_SIZE": 16,
    "_PHASES": 2,
    "_SPACING": 8.25,
    "_HOME": {"train": 2, "validation": 1, "test": 2},
    "_HERE": {"train": 8, "validation": 1, "test": 2},
    "_UPDATES": 1,
    "_EPOCHS_HOME": 1,
    "_EPOCHS_HERE": 1,
}


@pytest.mark.slow
def test_the_demonstration_ends_with_a_verdict_and_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(two_sites, name, value)
    shared = {**two_sites._SHARED, "spacing": 8.25, "shape": (16, 16, 16), "updates": 1}
    monkeypatch.setattr(two_sites, "_SHARED", shared)
    done = demonstrate_two_sites(tmp_path / "demo")
    assert done.curve.verdict.text in html.unescape(Path(done.report.page).read_text(encoding="utf-8"))
    assert {(row.arm, row.size) for row in done.curve.findings.rows} == {
        ("as it is", 0),
        *((arm, size) for arm in ("scratch", "fine-tuned") for size in (2, 4, 8)),
    }
    assert {item.key for item in done.curve.rules} >= {"papillary_muscles", "outflow_tract"}
    here = project_masks(Project.open(Path(done.project)), "lv-wall", in_mm=True)
    splits = {(item.site, item.split) for item in here.items}
    assert splits == {("one", "home"), *(("two", split) for split in ("train", "validation", "test"))}
    again = demonstrate_two_sites(tmp_path / "demo")
    assert again.curve == done.curve, "done again, it finds everything done"
