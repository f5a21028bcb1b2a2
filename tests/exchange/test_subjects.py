"""Hashes of subjects: who has the ids finds those that are shared, who has not sees none of them."""

import hashlib

import pytest

from medgraft.core.errors import InputError
from medgraft.core.progress import Progress
from medgraft.exchange import NOBODY, Seen, SubjectHashes, Training, hash_subjects

HERE, THERE = ["P1", "P2", "Müller/3", "P2"], ["P2", "P9", "müller/3", "P1 "]


def seen(*trainings: Training) -> Seen:
    return Seen(trainings=trainings)


def training(*subjects: str) -> Training:
    return Training(name=" ".join(subjects), subjects=hash_subjects(subjects, secret=subjects))


def test_exactly_the_shared_ids_are_found() -> None:
    found = hash_subjects(HERE, secret="w")
    assert [subject for subject in THERE if subject in found] == ["P2"]


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


@pytest.mark.parametrize(
    ("salt", "hashes"),
    [
        ("short", ("0" * 32,)),
        ("0" * 33, ("0" * 32,)),
        ("0" * 32, ("0" * 32,) * 100_001),
        ("0" * 32, ("P1",)),
        ("G" * 32, ()),
        ("\ud800" * 32, ()),
    ],
)
def test_a_weak_salt_endless_work_and_no_hashes_are_refused(salt: str, hashes: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="salt and hashes of 32 hexadecimal digits"):
        SubjectHashes(salt=salt, hashes=hashes)


def test_subjects_of_every_training_are_found_whatever_their_order() -> None:
    chain = seen(training("P1", "P2"), Training(name="bundle"), training("P3"))
    assert chain.among(["P9", "P3", "P1", "P3"]) == chain.among(["P1", "P3"]) == ("P1", "P3")
    assert chain.unknown == ("bundle",)
    assert chain.then(training("P9")).among(["P9", "P2"]) == ("P2", "P9")


def test_what_is_known_of_nobody_is_not_nobody() -> None:
    assert (Seen().unknown, seen(Training(name="bundle")).unknown) == ((), ("bundle",))
    assert seen(Training(name="bundle")).among(["P1"]) == ()


def test_stacks_of_the_last_training_are_its_own() -> None:
    chain = seen(Training(name="first", stacks=("a", "b"))).then(Training(name="second", stacks=("c",)))
    assert (chain.own, chain.stacks) == (frozenset("c"), frozenset("abc"))
    assert (Seen().own, Seen().stacks) == (frozenset(), frozenset())


def test_who_chose_rate_and_epoch_was_seen_but_not_learned_from() -> None:
    chain = Seen(trainings=(Training(name="own", stacks=("a",), chosen_on=("b",)),))
    assert (chain.own, chain.stacks) == (frozenset("a"), frozenset("ab"))
    assert chain.of_stacks({"a": "P1", "b": "P2", "c": "P3"}) == {"P1", "P2"}


def test_nobody_is_known_and_costs_nothing() -> None:
    told: list[Progress] = []
    chain = seen(Training(name="pictures of dogs", subjects=NOBODY))
    assert (chain.unknown, chain.among(["P1", "P2"], told.append), told) == ((), (), [])


def test_every_comparison_is_told() -> None:
    told: list[Progress] = []
    seen(training("P1"), training("P2")).among(["P1", "P2"], told.append)
    assert [progress.done for progress in told] == [1, 2, 3, 4]
    assert {(progress.stage, progress.total) for progress in told} == {("subjects compared", 4)}


@pytest.mark.parametrize("name", ["x" * 201, "\x1b[2J", "two\nlines"])
def test_a_training_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="at most 200 plain letters"):
        Training(name=name)


def test_endless_trainings_are_refused() -> None:
    with pytest.raises(InputError, match="at most 32 trainings"):
        Seen(trainings=(Training(name="one"),) * 33)
