"""Where a file lies, as it is told."""

from pathlib import Path

from medgraft.core.errors import reason


def where_in(root: Path, path: Path) -> str:
    """The path of a file from a folder, with forward slashes; of a file that is not in it, the name."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def cause(error: Exception, path: Path) -> str:
    """What was said of a file, by its name alone: the folders that it lies in may name a person.

    >>> cause(ValueError("cannot read '/home/doe/heart.png'"), Path("/home/doe/heart.png"))
    "cannot read 'heart.png'"
    """
    return reason(error).replace(str(path), path.name)
