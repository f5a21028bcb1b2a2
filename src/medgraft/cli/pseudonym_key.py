"""The secret of a pseudonymous import, which lies in a file: arguments can be read by others on the machine."""

from pathlib import Path

import typer


def read_key(file: Path | None) -> str | None:
    """The secret in a file, None without one. Raises `typer.BadParameter` for a file that is no text."""
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise typer.BadParameter(
            f"Expected --pseudonym-key FILE with a secret as text, got other bytes in {file.name}. "
            "Do: openssl rand -hex 32 > secret.txt"
        ) from error
