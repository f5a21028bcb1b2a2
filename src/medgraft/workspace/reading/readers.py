"""Readers of a project: who may sign in, in which role."""

from medgraft.labels import Accounts, NewToken, ReaderAccount, Role
from medgraft.workspace.project import Project


def add_reader(project: Project, name: str, *, role: Role = "reader") -> NewToken:
    """A new reader and the token to sign in with, which is shown this once.

    Raises `LabelError` for a name that is taken, also by someone withdrawn, or an unknown role.
    """
    with project.labels() as store:
        return Accounts(engine=store.engine).add(name, role)


def renew_reader(project: Project, name: str) -> NewToken:
    """A new token in place of the old; a withdrawn reader is back with it. Raises `LabelError` if unknown."""
    with project.labels() as store:
        return Accounts(engine=store.engine).renew(name)


def withdraw_reader(project: Project, name: str) -> ReaderAccount:
    """Let a reader sign in no more; what the reader labelled stays. Raises `LabelError` if unknown."""
    with project.labels() as store:
        return Accounts(engine=store.engine).withdraw(name)


def list_readers(project: Project) -> tuple[ReaderAccount, ...]:
    """All readers, withdrawn ones too, by name."""
    with project.labels() as store:
        return Accounts(engine=store.engine).all()


def sign_in(project: Project, name: str, token: str) -> ReaderAccount | None:
    """The account if name and token are right and it is not withdrawn, else None."""
    with project.labels() as store:
        return Accounts(engine=store.engine).sign_in(name, token)
