"""A model from what people write: a path, or the name it has in a project."""

from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.exchange import FACTS, SUFFIX
from medgraft.study.findings import best_title
from medgraft.workspace.kept.curve_folder import curve_names, read_findings
from medgraft.workspace.kept.outcomes import model_folder, study_outcome
from medgraft.workspace.kept.packages import package_folders
from medgraft.workspace.kept.study_list import study_states
from medgraft.workspace.project import Project, is_project


def find_model(text: str, project: AnyPath | None = None) -> Path:
    """A package: its folder, a file NAME.medgraft, or, within a project, STUDY/MODEL, CURVE/MODEL or packages/MODEL.

    STUDY alone stands for its best model, by validation loss; CURVE alone for the model that its verdict names. Raises
    `InputError` for what is none of these, with the models there are; `ProjectError` for a study or a curve that has
    not ended.
    """
    if (Path(text) / FACTS).is_file() or (Path(text).suffix == SUFFIX and Path(text).is_file()):
        return Path(text)
    absent = ", and there is no such file" if Path(text).suffix == SUFFIX else ""
    if project is None or not is_project(project):
        raise InputError(
            f"Expected a model package or, within a project, STUDY/MODEL, CURVE/MODEL or packages/MODEL, "
            f"got {text!r}{absent}."
        )
    opened = Project.open(project)
    kept = package_folders(opened)
    meant = _stands_for(opened, text)
    found = kept.get(text) or kept.get(f"{text}/{meant}")
    if found is None:
        of_name = [model for model in kept if model.startswith(f"{text.partition('/')[0]}/")]
        available = ", ".join(of_name or kept) or "none"
        as_it_is = meant is None and text in curve_names(opened)
        why = ", whose verdict is to use the travelling model as it is" if as_it_is else absent
        raise InputError(
            f"Expected a model package, or STUDY/MODEL, CURVE/MODEL or packages/MODEL of this project, "
            f"got {text!r}{why}. Available: {available}."
        )
    return found


def _stands_for(project: Project, name: str) -> str | None:
    """The model that the name of a study or a curve alone stands for."""
    if any(state.name == name for state in study_states(project)):
        outcome = study_outcome(project, name)
        return model_folder(outcome.by_title()[best_title(outcome)][0])
    return _of_verdict(project.curves / name) if name in curve_names(project) else None


def _of_verdict(curve: Path) -> str | None:
    """The model that a verdict names; None where it says to train none."""
    said = read_findings(curve)["verdict"]
    return f"{said['arm']}-{said['size']}" if said["arm"] else None
