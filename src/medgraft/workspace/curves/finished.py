"""What a learning curve found, read back from its folder."""

from medgraft.exchange import RuleDifference
from medgraft.study.curve import curve_findings, verdict
from medgraft.workspace.curves.running import CurveSummary, curve_outcome
from medgraft.workspace.kept.curve_folder import read_findings
from medgraft.workspace.project import Project


def finished_curve(project: Project, name: str) -> CurveSummary:
    """What `start_curve` gave when the curve ended. Raises `ProjectError` if there is none of that name."""
    outcome = curve_outcome(project, name)
    kept = read_findings(project.curves / name)
    return CurveSummary(
        name=name,
        verdict=verdict(outcome),
        findings=curve_findings(outcome),
        rules=tuple(RuleDifference(**rule) for rule in kept["rules"]),
        seen_before=tuple(kept["seen_before"]),
        unknown_trainings=tuple(kept["unknown_trainings"]),
        cautions=tuple(kept["cautions"]),
        distance_unit=kept["distance_unit"],
    )
