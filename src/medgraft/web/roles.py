"""What a signed-in reader may do, from the accounts of the project."""

from medgraft.web.place import Place
from medgraft.workspace import list_readers

_DECIDE = ("adjudicator", "admin")


def may_open_rounds(place: Place, reader: str) -> bool:
    """Whether a reader may open and close rounds of reading.

    An admin may, and so may whoever came by the terminal's link and has no account: the terminal is theirs.
    """
    role = _role(place, reader)
    return role == "admin" or (role is None and reader == place.settings.owner)


def may_decide(place: Place, reader: str) -> bool:
    """Whether a reader may decide what others disagree on."""
    return _role(place, reader) in _DECIDE


def _role(place: Place, reader: str) -> str | None:
    """A reader's role, "" once withdrawn, None without an account."""
    account = next((one for one in list_readers(place.project) if one.name == reader), None)
    if account is None:
        return None
    return account.role if account.active else ""
