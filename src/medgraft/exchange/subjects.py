"""Salted hashes of subject ids: a receiver can prove that none of its own subjects trained a model."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from medgraft.core.digest import digest
from medgraft.core.errors import InputError
from medgraft.core.progress import Progress, Report, silent

#: scrypt (RFC 7914): one hash takes some 40 ms and 16 MiB. Part of the format: a package cannot ask for more.
_COST, _BLOCK, _BYTES = 1 << 14, 8, 16
_MEMORY = 64 << 20

#: More subjects than this are refused: each costs whoever looks for it.
MOST = 100_000

#: 128 bits, as salts and hashes are written.
_HEXADECIMAL = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class SubjectHashes:
    """Hashes of subject ids under one salt.

    The salt keeps two packages from being compared with each other and tables from being made beforehand; it lies in
    the package and is no secret. Who knows what the ids look like can try all of them: scrypt makes each try slow
    (a million ids are about eleven processor hours), which protects random pseudonyms, not running numbers.
    """

    salt: str
    hashes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise `InputError` for salts and hashes that are not 32 hexadecimal digits, or too many subjects."""
        if len(self.hashes) > MOST or not all(_HEXADECIMAL.fullmatch(text) for text in (self.salt, *self.hashes)):
            raise InputError(f"Expected a salt and hashes of 32 hexadecimal digits, of at most {MOST:,} subjects.")

    def __contains__(self, subject: str) -> bool:
        """Whether a subject's id is hashed here, which takes 40 ms to find out.

        Ids are compared letter by letter: the same patient under another pseudonym is not found.

        >>> hashes = hash_subjects(["P1", "P2"], secret="of this package")
        >>> "P2" in hashes, "P9" in hashes
        (True, False)
        """
        return _hash(subject, self.salt) in self.hashes


#: Who is known to have had no part: what a training on other things than patients has seen.
NOBODY = SubjectHashes(salt="0" * 32, hashes=())


def hash_subjects(subjects: Iterable[str], *, secret: object, report: Report = silent) -> SubjectHashes:
    """The hashes of subject ids, in an order that says nothing.

    secret: what the salt is derived from; it must be new with every package and unknown before (the digest of the
    weights), so that equal packages have equal bytes. report: told of every subject.
    """
    salt, ids, hashes = digest(["subjects", secret])[:32], set(subjects), []
    for subject in ids:
        hashes.append(_hash(subject, salt))
        report(Progress(stage="subjects hashed", done=len(hashes), total=len(ids)))
    return SubjectHashes(salt=salt, hashes=tuple(sorted(hashes)))


def _hash(subject: str, salt: str) -> str:
    key = hashlib.scrypt(
        subject.encode("utf-8", "surrogatepass"),
        salt=salt.encode(),
        n=_COST,
        r=_BLOCK,
        p=1,
        maxmem=_MEMORY,
        dklen=_BYTES,
    )
    return key.hex()
