"""Pseudonyms: names from the source become keyed hashes, the same for the same key, not reversible without it."""

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from medgraft.core.cohort import ImportNote
from medgraft.core.errors import InputError
from medgraft.core.stack import FoundStack

_WORD = re.compile(r"[^\W_]+")
_PLAIN_WORDS = frozenset({"nii", "dcm", "png", "jpg", "jpeg", "bmp", "tif", "tiff", "csv", "cfg", "json", "txt"})
_SHORTEST_KEY = 8


@dataclass(frozen=True)
class Pseudonyms:
    """HMAC-SHA256 with a secret key; the key itself is stored nowhere. Raises `InputError` for a short key.

    >>> Pseudonyms("a long secret").subject("Doe, Jane")
    'S-3408d6ec5e4e990f'
    """

    key: str

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed by trying."""
        if len(self.key) < _SHORTEST_KEY:
            raise InputError(f"Expected a secret of at least {_SHORTEST_KEY} characters, got {len(self.key)}.")

    def subject(self, subject: str) -> str:
        """The pseudonym of a subject; an empty subject stays empty, so that it is refused and not pooled."""
        return f"S-{self._hash('subject', subject)}" if subject.strip() else ""

    def place(self, path: str) -> str:
        """The pseudonym of a path: folder names often carry names of people."""
        return f"F-{self._hash('path', path)}" if path else ""

    def uid(self, uid: str) -> str:
        """A UID derived from a hash (PS3.5 annex B.2), for a UID that leads back to the hospital's archive."""
        return f"2.25.{int(self._hash('uid', uid, digits=32), 16)}" if uid else ""

    def hide(self, found: FoundStack) -> FoundStack:
        """The stack with pseudonyms for its subject, study, source and instances; free text loses their words."""
        names = words_of([found.subject, found.source, found.series_key])
        facts = {fact: self._hide_words(text, names) for fact, text in found.stack.facts.items()}
        stack = replace(found.stack, facts=facts)
        if stack.instance_uids is not None:
            uids = tuple(tuple(map(self.uid, row)) for row in stack.instance_uids)
            stack = replace(stack, instance_uids=uids)
        return replace(
            found,
            stack=stack,
            subject=self.subject(found.subject),
            study=f"T-{self._hash('study', found.study)}" if found.study else "",
            series=self._hide_words(found.series, names),
            series_key=self.place(found.series_key),
            source=self.place(found.source),
        )

    def hide_note(self, note: ImportNote, names: frozenset[str]) -> ImportNote:
        """The note with a pseudonym for its place, and for every word of its text that is among `names`."""
        return replace(note, where=self.place(note.where), text=self._hide_words(note.text, names))

    def _hide_words(self, text: str, names: frozenset[str]) -> str:
        return _WORD.sub(lambda word: f"N-{self._hash('word', word[0])[:8]}" if word[0] in names else word[0], text)

    def _hash(self, purpose: str, text: str, digits: int = 16) -> str:
        return hmac.digest(self.key.encode(), f"{purpose}:{text}".encode(), "sha256").hex()[:digits]


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of paths and subjects that may name somebody: three characters or more, file endings left out."""
    words = {word for text in texts for word in _WORD.findall(text)}
    return frozenset(word for word in words if len(word) > 2 and word not in _PLAIN_WORDS)
