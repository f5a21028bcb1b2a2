"""A study file as a user keeps it: what it names is found from where it lies."""

from collections.abc import Sequence
from pathlib import Path

from medgraft.study import NetworkEntry, StudyFile, model_plans, read_study_file

_FILE = "file:"


def read_study(path: Path, overrides: Sequence[str] = ()) -> StudyFile:
    """Read a study file; weights `file:PATH` are found from its folder, and `~` is the user's home.

    Args:
        path: a YAML file.
        overrides: `key=value` with dots for parts, values in YAML; they win over the file.

    Raises:
        StudyFileError: as `read_study_file`. InputError: an unknown network, or a depth it does not have.
    """
    study = read_study_file(path, overrides)
    folder = path.resolve().parent
    networks = [_entry_from(folder, item) if isinstance(item, NetworkEntry) else item for item in study.networks]
    found = study.model_copy(update={"weights": weights_from(folder, study.weights), "networks": tuple(networks)})
    model_plans(found)  # raises here, before anything of the study is in the project
    return found


def weights_from(folder: Path, weights: str) -> str:
    """Where weights are, seen from a folder.

    >>> weights_from(Path("/studies"), "file:weights/vgg19.h5"), weights_from(Path("/studies"), "imagenet")
    ('file:/studies/weights/vgg19.h5', 'imagenet')
    """
    if not weights.startswith(_FILE):
        return weights
    return f"{_FILE}{folder / Path(weights.removeprefix(_FILE)).expanduser()}"


def _entry_from(folder: Path, entry: NetworkEntry) -> NetworkEntry:
    return entry.model_copy(update={"weights": weights_from(folder, entry.weights)}) if entry.weights else entry
