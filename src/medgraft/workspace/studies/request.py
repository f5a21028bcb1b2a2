"""A study file as a user keeps it: what it names is found from where it lies."""

from collections.abc import Sequence
from pathlib import Path

from medgraft.core.files import AnyPath
from medgraft.study import NetworkEntry, StudyFile, model_plans, read_study_file
from medgraft.workspace.kept.find_model import find_model

#: Sources that name a place, seen from the study file's folder.
_PLACES = ("file", "package")


def read_study(path: AnyPath, overrides: Sequence[str] = (), *, project: AnyPath | None = None) -> StudyFile:
    """Read a study file; what its weights name is found.

    `file:PATH` and `package:PATH` are seen from the study file's folder, `~` is the user's home, and `run:STUDY/MODEL`
    is a model of an earlier study of the project (`run:STUDY` its best).

    Args:
        path: a YAML file.
        overrides: `key=value` with dots for parts, values in YAML; they win over the file.
        project: where earlier studies are.

    Raises:
        StudyFileError: as `read_study_file`. InputError: an unknown network or depth, or no such model.
    """
    path = Path(path)
    study = read_study_file(path, overrides)
    folder = path.resolve().parent
    networks = [
        item.model_copy(update={"weights": weights_from(folder, item.weights, project)})
        if isinstance(item, NetworkEntry) and item.weights
        else item
        for item in study.networks
    ]
    weights = weights_from(folder, study.weights, project)
    found = study.model_copy(update={"weights": weights, "networks": tuple(networks)})
    model_plans(found)  # raises here, before anything of the study is in the project
    return found


def weights_from(folder: Path, weights: str, project: AnyPath | None = None) -> str:
    """Where weights are, seen from a folder and a project.

    >>> weights_from(Path("/studies"), "file:weights/vgg19.h5"), weights_from(Path("/studies"), "imagenet")
    ('file:/studies/weights/vgg19.h5', 'imagenet')
    """
    kind, _, name = weights.partition(":")
    if kind == "run" and name:
        return f"package:{find_model(name, project)}"
    return f"{kind}:{folder / Path(name).expanduser()}" if kind in _PLACES and name else weights
