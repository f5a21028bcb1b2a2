"""Importer: one layout of folders that medgraft knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from medgraft.cohort.options import ImportOptions
from medgraft.cohort.source import Note, Source
from medgraft.core.progress import Report
from medgraft.core.stack import FoundStack


@dataclass(frozen=True, kw_only=True)
class Importer:
    """How a layout is recognised and read.

    name: what a user asks for. expects: one sentence for the user whose folder fits no layout.
    recognises: cheap; looks at names, and at few bytes of few files.
    read: yields stacks, in an order that does not depend on the order of files; unreadable files become notes.
    """

    name: str
    expects: str
    recognises: Callable[[Source, ImportOptions], bool]
    read: Callable[[Source, ImportOptions, Note, Report], Iterator[FoundStack]]
