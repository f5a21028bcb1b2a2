"""A study file as text, for example from the app: checked, with what it names found and every default filled in."""

from dataclasses import dataclass

import yaml

from medgraft.core.errors import InputError, StudyFileError
from medgraft.study import StudyFile, model_plans, parse_study, resolved_yaml
from medgraft.workspace.project import Project
from medgraft.workspace.studies.request import weights_from

#: Weights that may be named from afar; a path could be any file of this machine.
_KINDS = ("imagenet", "random", "run")


@dataclass(frozen=True, kw_only=True)
class ResolvedStudy:
    """A study that can be started. text: the resolved study file."""

    name: str
    text: str


def resolve_study(project: Project, text: str) -> ResolvedStudy:
    """Check a study that came as YAML.

    Weights are `imagenet`, `random`, or `run:STUDY/MODEL` of the project. Raises `StudyFileError` for what is no study
    file, `InputError` for an unknown network, depth or model, or for weights by path.
    """
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise StudyFileError(f"Expected YAML, got: {error}") from error
    if not isinstance(data, dict):
        raise StudyFileError(f"Expected keys and values, got {type(data).__name__}.")
    found = _with_weights(parse_study(data), project)
    model_plans(found)  # raises here, before anything of the study is in the project
    return ResolvedStudy(name=found.name, text=resolved_yaml(found))


def _with_weights(study: StudyFile, project: Project) -> StudyFile:
    networks = [
        item
        if isinstance(item, str) or not item.weights
        else item.model_copy(update={"weights": _weights(item.weights, project)})
        for item in study.networks
    ]
    return study.model_copy(update={"weights": _weights(study.weights, project), "networks": tuple(networks)})


def _weights(weights: str, project: Project) -> str:
    if weights.partition(":")[0] not in _KINDS:
        raise InputError(
            f"Expected weights imagenet, random or run:STUDY/MODEL, got {weights!r}. Do: start a study with weights of "
            "a file on the command line: medgraft study run."
        )
    return weights_from(project.root, weights, project.root)
