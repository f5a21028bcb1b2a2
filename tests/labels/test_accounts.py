"""Accounts: a token signs its reader in until it is renewed or withdrawn, and is nowhere in the database."""

import dataclasses
from collections.abc import Iterator

import pytest
import sqlalchemy

from medgraft.core.errors import LabelError
from medgraft.labels import Accounts, LabelStore


@pytest.fixture
def store(database_url: str) -> Iterator[LabelStore]:
    with LabelStore.open(database_url) as store:
        yield store


@pytest.fixture
def accounts(store: LabelStore) -> Accounts:
    return Accounts(engine=store.engine)


def test_a_token_signs_in_its_own_reader_alone(accounts: Accounts) -> None:
    ana, bo = accounts.add("ana"), accounts.add("bo", "adjudicator")
    assert ana.token != bo.token
    signed_in = accounts.sign_in("bo", bo.token)
    assert signed_in is not None
    assert (signed_in.name, signed_in.role, signed_in.active) == ("bo", "adjudicator", True)
    for name, token in (("ana", bo.token), ("ana", ""), ("ana", ana.token[:-1]), ("zoe", ana.token), ("", "")):
        assert accounts.sign_in(name, token) is None


def test_the_database_holds_no_token(accounts: Accounts) -> None:
    tokens = [accounts.add("ana").token, accounts.renew("ana").token]
    with accounts.engine.connect() as connection:
        rows = str(list(connection.execute(sqlalchemy.text("SELECT * FROM label_account"))))
    assert len(tokens[0]) >= 32
    assert not any(token in rows for token in tokens)


def test_a_renewed_token_ends_the_old_one(accounts: Accounts) -> None:
    old = accounts.add("ana", "admin")
    new = accounts.renew("ana")
    assert accounts.sign_in("ana", old.token) is None
    assert accounts.sign_in("ana", new.token) == accounts.account("ana")
    assert accounts.account("ana").role == "admin"


def test_a_withdrawn_reader_stays_known_and_may_come_back(accounts: Accounts) -> None:
    token = accounts.add("ana").token
    accounts.add("bo")
    assert not accounts.withdraw("ana").active
    assert accounts.withdraw("ana") == accounts.account("ana")
    assert accounts.sign_in("ana", token) is None
    assert accounts.sign_in("ana", "") is None
    assert [(account.name, account.active) for account in accounts.all()] == [("ana", False), ("bo", True)]
    assert accounts.sign_in("ana", accounts.renew("ana").token) is not None


@pytest.mark.parametrize("name", ["", " ", "ana ", "mask:pool", "adjudication:ana", "a\nb", "../ana", "x" * 65])
def test_names_that_are_no_persons_are_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(LabelError, match="Expected a name"):
        accounts.add(name)
    assert accounts.all() == ()


@pytest.mark.parametrize("name", ["Ana", "Märta Öst", "a.b@c-d_e"])
def test_names_of_people_are_taken_and_only_once(accounts: Accounts, name: str) -> None:
    token = accounts.add(name).token
    accounts.withdraw(name)
    for other in (name, name.upper()):
        with pytest.raises(LabelError, match="Do: renew it"):
            accounts.add(other)
    assert accounts.sign_in(name, token) is None


def test_mistakes_teach(accounts: Accounts) -> None:
    accounts.add("ana")
    with pytest.raises(LabelError, match="Available: ana"):
        accounts.renew("bo")
    with pytest.raises(LabelError, match="Available: reader, adjudicator, admin"):
        accounts.add("bo", "king")  # type: ignore[arg-type]  # what a caller without a type checker may do


def test_two_changes_at_once_do_not_both_count(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add("ana")
    before = accounts._latest()
    accounts.renew("ana")
    late = dataclasses.replace(accounts)
    monkeypatch.setattr(Accounts, "_latest", lambda _self: before)
    with pytest.raises(LabelError, match="Do it again"):
        late.renew("ana")
