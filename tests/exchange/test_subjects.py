"""Hashes of subjects: who has the ids finds those that are shared, who has not sees none of them."""

import hashlib

import pytest

from medgraft.core.errors import InputError
from medgraft.exchange import SubjectHashes, hash_subjects

HERE, THERE = ["P1", "P2", "Müller/3", "P2"], ["P2", "P9", "müller/3", "P1 "]


def test_exactly_the_shared_ids_are_found() -> None:
    assert hash_subjects(HERE, secret="w").among(THERE) == ("P2",)
    assert hash_subjects(HERE, secret="w").among(["P9"]) == ()


def test_no_id_and_no_order_can_be_seen() -> None:
    found = hash_subjects(HERE, secret="w")
    assert len(found.hashes) == 3
    assert list(found.hashes) == sorted(found.hashes)
    assert found == hash_subjects(reversed(HERE), secret="w")
    assert not any(subject in str(found) for subject in ("P1", "P2", "Müller"))


def test_two_packages_cannot_be_compared_with_each_other() -> None:
    first, second = hash_subjects(HERE, secret="w"), hash_subjects(HERE, secret="x")
    assert not set(first.hashes) & set(second.hashes)


def test_a_hash_is_scrypt_of_the_id_as_anybody_computes_it() -> None:
    found = hash_subjects(["P1"], secret="w")
    key = hashlib.scrypt(b"P1", salt=found.salt.encode(), n=16384, r=8, p=1, maxmem=1 << 26, dklen=16)
    assert found.hashes == (key.hex(),)


@pytest.mark.parametrize(("salt", "count"), [("short", 1), ("s" * 32, 100_001)])
def test_a_weak_salt_and_endless_work_are_refused(salt: str, count: int) -> None:
    with pytest.raises(InputError, match="salt of 32 letters"):
        SubjectHashes(salt=salt, hashes=("00",) * count)
