"""Names that a package may say: they are printed, so that a sender must not write to a receiver's terminal."""

from medgraft.core.errors import InputError

_LONGEST = 200


def check_name(name: str) -> None:
    """Raise `InputError` for a name of more than 200 letters, or one that is not plain text of one line."""
    if len(name) > _LONGEST or not name.isprintable():
        raise InputError(f"Expected a name of at most {_LONGEST} plain letters, got {name[:80]!r}.")
