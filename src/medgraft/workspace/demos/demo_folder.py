"""The folder of a demonstration, in which nobody else's work is."""

from pathlib import Path

from medgraft.core.errors import ProjectError

#: The file that says which demonstration began in a folder.
DEMO_FILE = "medgraft-demo.txt"


def open_demo_folder(root: Path, demonstration: str) -> None:
    """Begin in a new or an empty folder, or go on in one in which the same demonstration began.

    Raises `ProjectError` for any other folder, which is left as it is.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open_demo_folder(Path(folder), "graft")
    ...     open_demo_folder(Path(folder), "graft")
    ...     (Path(folder) / DEMO_FILE).read_text()
    'graft'
    """
    mark = root / DEMO_FILE
    is_own = mark.is_file() and mark.read_text(encoding="utf-8") == demonstration
    if root.exists() and any(root.iterdir()) and not is_own:
        raise ProjectError(
            f"Expected a new folder, or one in which the demonstration {demonstration} began, got {root}, which holds "
            "other files. Do: name another folder."
        )
    root.mkdir(parents=True, exist_ok=True)
    mark.write_text(demonstration, encoding="utf-8")
