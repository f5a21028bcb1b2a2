"""The whole line on synthetic patients, fewer and smaller than the demonstration's own."""

from pathlib import Path

import pytest

from medgraft.core.progress import Progress
from medgraft.exchange.package import read_package
from medgraft.study import NetworkEntry
from medgraft.workspace import Project, list_cohort
from medgraft.workspace.demos import one_clinic
from medgraft.workspace.demos.one_clinic import demonstrate
from medgraft.workspace.kept.outcomes import study_outcome

SMALL = {"_HOSPITAL": 4, "_CLINIC": 6, "_CLINIC_TEST": 3, "_SIZE": 32}


@pytest.mark.slow
def test_the_demonstration_ends_with_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = one_clinic._SCRATCH.model_copy(update={"epochs": 2})
    (network,) = one_clinic._SOURCE_STUDY.networks
    assert isinstance(network, NetworkEntry)
    small = network.model_copy(update={"size": 32, "stages": (scratch,)})
    source = one_clinic._SOURCE_STUDY.model_copy(update={"networks": (small,)})
    for name, value in {**SMALL, "_SCRATCH": scratch, "_SOURCE_STUDY": source}.items():
        monkeypatch.setattr(one_clinic, name, value)
    said: list[Progress] = []
    done = demonstrate(tmp_path / "demo", report=said.append)
    assert Path(done.report.page).stat().st_size > 100_000
    project = Project.open(Path(done.project))
    stacks = list_cohort(project).stacks
    # No patient of the other hospital is in the clinic's project, and nobody is on both sides of the test.
    assert {(row.site, row.split) for row in stacks} == {("a", "train"), ("a", "test")}
    assert len({row.subject for row in stacks}) == len(stacks) == done.study.subjects == 9
    hospital = Project.open(tmp_path / "demo" / "hospital")
    assert {row.site for row in list_cohort(hospital).stacks} == {"c"}
    outcome = study_outcome(project, "demo")
    for stage in outcome.stages:
        assert stage.test is not None
        assert set(stage.test.subject.tolist()).isdisjoint(stage.out_of_fold.subject.tolist())
    # The graft is the hospital's package: it carries what the network went through, and that it saw nobody of here.
    graft = read_package(project.studies / "demo" / "models" / "graft-depth-1")
    assert [hop.what for hop in graft.lineage.hops[:3:2]] == ["random", "hospital: hospital, depth all"]
    assert {stage.weights_digest for stage in outcome.stages if stage.model == "graft"} == {
        graft.lineage.hops[2].weights_digest
    }
    home, here = graft.seen.trainings
    assert home.subjects is not None
    assert len(home.subjects.hashes) == len(home.stacks) == 4
    assert not set(home.stacks) & set(here.stacks)
    assert {"study", "pictures"} <= {progress.stage for progress in said}
    # Again in the same folder: nothing is trained, the study is the same.
    said.clear()
    assert demonstrate(tmp_path / "demo", report=said.append).study == done.study
    assert "epochs" not in {progress.stage for progress in said}
