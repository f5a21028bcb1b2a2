"""Salted hashes of subject ids: a receiver can prove that none of its own subjects trained a model."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from medgraft.core.digest import digest
from medgraft.core.errors import InputError

#: scrypt (RFC 7914): one hash takes some 40 ms and 16 MiB. Part of the format: a package cannot ask for more.
_COST, _BLOCK, _BYTES = 1 << 14, 8, 16
_MEMORY = 64 << 20

#: More subjects than this are refused: each costs whoever looks for it.
MOST = 100_000


@dataclass(frozen=True, kw_only=True)
class SubjectHashes:
    """Hashes of subject ids under one salt of the package.

    The salt keeps two packages from being compared with each other and tables from being made beforehand; it lies in
    the package and is no secret. Who knows what the ids look like can try all of them: scrypt makes each try slow
    (a million ids are about eleven processor hours), which protects random pseudonyms, not running numbers.
    """

    salt: str
    hashes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise `InputError` for a salt of fewer than 128 bits or too many subjects."""
        if len(self.salt) < 32 or len(self.hashes) > MOST:
            raise InputError(f"Expected a salt of 32 letters and at most {MOST:,} subjects.")

    def among(self, subjects: Iterable[str]) -> tuple[str, ...]:
        """Those of some subject ids that are hashed here, sorted.

        Ids are compared letter by letter: the same patient under another pseudonym is not found.

        >>> hash_subjects(["P1", "P2"], secret="of this package").among(["P2", "P9"])
        ('P2',)
        """
        known = set(self.hashes)
        return tuple(sorted(subject for subject in set(subjects) if _hash(subject, self.salt) in known))


def hash_subjects(subjects: Iterable[str], *, secret: object) -> SubjectHashes:
    """The hashes of subject ids, in an order that says nothing.

    secret: what the salt is derived from; it must be new with every package and unknown before (the digest of the
    weights), so that equal packages have equal bytes.
    """
    salt = digest(["subjects", secret])[:32]
    return SubjectHashes(salt=salt, hashes=tuple(sorted(_hash(subject, salt) for subject in set(subjects))))


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
