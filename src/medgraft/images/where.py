"""Where a file lies, as text that can be kept and shown."""

from pathlib import Path

from medgraft.core.errors import reason


def where_in(root: Path, path: Path) -> str:
    """The path of a file from a folder, with forward slashes; of a file that is not in it, the name."""
    return readable(path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name)


def cause(error: Exception, path: Path) -> str:
    """What was said of a file, by its name alone: the folders that it lies in may name a person.

    >>> cause(ValueError("cannot read '/home/doe/heart.png'"), Path("/home/doe/heart.png"))
    "cannot read 'heart.png'"
    """
    return readable(reason(error).replace(str(path), path.name))


def readable(name: str) -> str:
    r"""A name of a file as text; bytes that are no UTF-8, as older systems wrote names, are spelled out.

    >>> readable("M\udcfcller")
    'M\\udcfcller'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
