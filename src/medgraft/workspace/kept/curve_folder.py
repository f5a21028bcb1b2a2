"""Where learning curves lie in a project, and what their findings say, read without computing anything."""

import json
from pathlib import Path
from typing import Any

from medgraft.core.errors import ProjectError, reason
from medgraft.workspace.kept.results_folder import check_ended
from medgraft.workspace.project import Project

CURVE_FILE = "curve.yaml"

#: Within a curve's folder: figures, differences and the verdict as they were found.
FINDINGS = Path("results", "findings.json")

#: What findings hold; those of an older medgraft may not.
FOUND = ("name", "verdict", "findings", "rules", "seen_before", "unknown_trainings", "cautions", "distance_unit")


def curve_names(project: Project) -> tuple[str, ...]:
    """Every curve that was started in a project."""
    return tuple(sorted(path.parent.name for path in project.curves.glob(f"*/{CURVE_FILE}")))


def read_findings(folder: Path) -> dict[str, Any]:
    """What a finished curve found, as plain data; keys as `medgraft study curve --json` has them.

    Raises `ProjectError` if the curve has not ended, or its results are damaged or of an older medgraft.
    """
    check_ended(folder)
    try:
        found: dict[str, Any] = json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProjectError(
            f"Expected the results of a finished learning curve in {folder.name}, got: {reason(error)}. "
            "Do run `medgraft study curve` again: it goes on from where it was."
        ) from error
    if not set(FOUND) <= set(found):
        raise of_an_older_medgraft(folder)
    return found


def of_an_older_medgraft(folder: Path) -> ProjectError:
    """What is said of findings in which something is missing."""
    return ProjectError(
        f"Expected the results of a finished learning curve in {folder.name}, got those of an older medgraft. "
        "Do: start the curve again: nothing is trained again."
    )
