"""Accounts of readers: who may sign in, with which token, in which role; rows are only ever added."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from medgraft.core.errors import LabelError
from medgraft.labels.event import utc_now
from medgraft.labels.tables import ACCOUNTS

#: reader: labels. adjudicator: also decides what readers disagree about. admin: also opens rounds and keeps accounts.
Role = Literal["reader", "adjudicator", "admin"]

#: No colon: "mask:pool" and "adjudication:ana" are no persons.
_NAME = re.compile(r"\w[\w .@-]{0,63}")
_TOKEN_BYTES = 24
_NOBODY = "0" * 64


@dataclass(frozen=True, kw_only=True)
class ReaderAccount:
    """A reader. active: False once withdrawn. changed_at: when created, renewed or withdrawn last, UTC, ISO 8601."""

    name: str
    role: Role
    active: bool
    created_at: str
    changed_at: str


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """What a reader signs in with; it is shown once, for only its hash is kept."""

    name: str
    role: Role
    token: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Accounts:
    """The accounts in the database of a label store.

    >>> from medgraft.labels.store import LabelStore
    >>> with LabelStore.open(":memory:") as store:
    ...     accounts = Accounts(engine=store.engine)
    ...     given = accounts.add("ana")
    ...     accounts.sign_in("ana", given.token).role
    'reader'
    """

    engine: Engine

    def add(self, name: str, role: Role = "reader") -> NewToken:
        """A new account. Raises `LabelError` for a name that is taken or cannot be used, or an unknown role."""
        if not _NAME.fullmatch(name) or name != name.strip():
            raise LabelError(f"Expected a name of letters, digits, spaces and . _ @ -, at most 64, got {name!r}.")
        if role not in get_args(Role):
            raise LabelError(f"Expected a role, got {role!r}. Available: {', '.join(get_args(Role))}.")
        # Two names that look alike would be mixed up by people, if not by the database.
        if taken := next((other for other in self._latest() if other.casefold() == name.casefold()), None):
            raise LabelError(f"Expected a new name, got {name!r}; there is {taken!r}. Do: renew it, or take another.")
        return self._issue(name, role, kind="created", number=1)

    def renew(self, name: str) -> NewToken:
        """A new token in place of the old; a withdrawn reader is back with it. Raises `LabelError` if unknown."""
        latest = self._known(name)
        return self._issue(name, latest.role, kind="renewed", number=latest.number + 1)

    def withdraw(self, name: str) -> ReaderAccount:
        """Let a reader sign in no more; labels stay. Raises `LabelError` if unknown."""
        latest = self._known(name)
        if latest.kind != "withdrawn":
            self._append(name, latest.number + 1, kind="withdrawn", role=latest.role, salt="", hash="")
        return self.account(name)

    def sign_in(self, name: str, token: str) -> ReaderAccount | None:
        """The account, if it is active and the token is its own; compared in constant time."""
        latest = self._latest().get(name)
        kept = latest.hash if latest is not None and latest.hash else _NOBODY
        right = hmac.compare_digest(_hash(latest.salt if latest is not None else "", token), kept)
        return self.account(name) if right else None

    def account(self, name: str) -> ReaderAccount:
        """One account. Raises `LabelError` if unknown."""
        self._known(name)
        return next(account for account in self.all() if account.name == name)

    def all(self) -> tuple[ReaderAccount, ...]:
        """Every account, withdrawn ones too, by name."""
        created = {row.name: row.at for row in self._rows() if row.number == 1}
        return tuple(
            ReaderAccount(
                name=row.name,
                role=row.role,
                active=row.kind != "withdrawn",
                created_at=created[row.name],
                changed_at=row.at,
            )
            for row in self._latest().values()
        )

    def _issue(self, name: str, role: Role, *, kind: str, number: int) -> NewToken:
        salt, token = secrets.token_hex(16), secrets.token_urlsafe(_TOKEN_BYTES)
        self._append(name, number, kind=kind, role=role, salt=salt, hash=_hash(salt, token))
        return NewToken(name=name, role=role, token=token)

    def _append(self, name: str, number: int, **fields: str) -> None:
        try:
            with self.engine.begin() as connection:
                connection.execute(insert(ACCOUNTS).values(name=name, number=number, at=utc_now(), **fields))
        except IntegrityError as error:
            raise LabelError(f"Expected the account {name!r} to be left alone, got another change. Do it again.") from (
                error
            )

    def _known(self, name: str) -> Row[Any]:
        latest = self._latest()
        if name not in latest:
            raise LabelError(f"Expected a reader, got {name!r}. Available: {', '.join(latest) or 'none yet'}.")
        return latest[name]

    def _latest(self) -> dict[str, Row[Any]]:
        return {row.name: row for row in self._rows()}

    def _rows(self) -> list[Row[Any]]:
        with self.engine.connect() as connection:
            rows = connection.execute(select(ACCOUNTS).order_by(ACCOUNTS.c.name, ACCOUNTS.c.number))
            return list(rows)


def _hash(salt: str, token: str) -> str:
    # A token is 192 random bits, which no dictionary holds: a slow hash would only slow down whoever signs in.
    return hashlib.sha256(f"{salt}{token}".encode("utf-8", "surrogatepass")).hexdigest()
