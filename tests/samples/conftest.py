"""Small cohorts: stack entries without pixels, and labels along their stacks."""

from collections.abc import Callable

import pytest

from medgraft.core.cohort import StackEntry
from medgraft.core.task import SAX_RANGE, UnitKey
from medgraft.samples import Samples, join

MakeSamples = Callable[[dict[str, list[str]]], Samples]
CODES = {"b": "OBS", "i": "IN", "a": "OAP"}


@pytest.fixture(scope="session")
def make_entry() -> Callable[..., StackEntry]:
    def make(stack: str, n_slices: int, **fields: object) -> StackEntry:
        defaults = {
            "subject": f"subject of {stack}",
            "shape": (2, n_slices, 8, 8),
            "spacing": None,
            "affines": (),
            "phases": {"ed": 0, "es": 1},
            "pixels_digest": f"pixels of {stack}",
        }
        return StackEntry(id=stack, **(defaults | fields))

    return make


@pytest.fixture(scope="session")
def make_samples(make_entry: Callable[..., StackEntry]) -> MakeSamples:
    """Samples from words by subject: each word is one stack at ED, a letter per slice (b OBS, i IN, a OAP)."""

    def make(subjects: dict[str, list[str]]) -> Samples:
        words = {f"{subject}/{n}": (subject, word) for subject, them in subjects.items() for n, word in enumerate(them)}
        entries = [make_entry(stack, len(word), subject=subject) for stack, (subject, word) in words.items()]
        labels = {
            UnitKey(stack, 0, index): CODES[letter]
            for stack, (_, word) in words.items()
            for index, letter in enumerate(word)
        }
        return join(entries, labels, SAX_RANGE)

    return make
