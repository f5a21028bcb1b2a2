"""Sessions: who is signed in, and until when. They live in memory: a new server knows nobody."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

#: Sessions kept at once; beyond it the one unused for longest ends.
_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class Session:
    """A signed-in reader. began, used: seconds of the clock."""

    reader: str
    began: float
    used: float


class Sessions:
    """Open sessions by a secret that only the browser holds; here only its hash is kept."""

    def __init__(self, *, idle: float, lifetime: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle, self._lifetime, self._clock = idle, lifetime, clock
        self._open: dict[str, Session] = {}
        self._links: dict[str, str] = {}

    def begin(self, reader: str) -> str:
        """A new session's secret."""
        now = self._clock()
        self._sweep(now)
        secret = secrets.token_urlsafe(32)
        self._open[_hash(secret)] = Session(reader=reader, began=now, used=now)
        return secret

    def reader(self, secret: str) -> str | None:
        """Who a secret stands for, None if its session has ended or never was. Asking is using."""
        key, now = _hash(secret), self._clock()
        session = self._open.get(key)
        if session is None or not self._lives(session, now):
            self._open.pop(key, None)
            return None
        self._open[key] = replace(session, used=now)
        return session.reader

    def who(self, secret: str) -> str | None:
        """As `reader`, but asking is not using."""
        session = self._open.get(_hash(secret))
        return session.reader if session is not None and self._lives(session, self._clock()) else None

    def end(self, secret: str) -> None:
        """Sign out."""
        self._open.pop(_hash(secret), None)

    def new_link(self, reader: str) -> str:
        """A token that signs a reader in once."""
        token = secrets.token_urlsafe(32)
        self._links = {_hash(token): reader}
        return token

    def use_link(self, token: str) -> str | None:
        """A new session's secret for a token of `new_link`, None if it was used or never given out."""
        reader = self._links.pop(_hash(token), None)
        return self.begin(reader) if reader is not None else None

    def _lives(self, session: Session, now: float) -> bool:
        return now - session.used <= self._idle and now - session.began <= self._lifetime

    def _sweep(self, now: float) -> None:
        living = sorted((s.used, key) for key, s in self._open.items() if self._lives(s, now))
        self._open = {key: self._open[key] for _, key in living[-_MOST + 1 :]}


def _hash(secret: str) -> str:
    # A lookup by hash tells nothing by its timing, and a dump of memory holds no cookie that works.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
