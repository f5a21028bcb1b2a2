"""Phases that a user gives in a CSV file."""

import numpy as np
import pytest

from medgraft.cohort import phases_from_csv, set_phases
from medgraft.cohort.pseudonym import Pseudonyms
from medgraft.core.errors import InputError


@pytest.fixture
def sheet(tmp_path):
    def write(text: str):
        path = tmp_path / "phases.csv"
        path.write_text(text)
        return path

    return write


def test_every_stack_of_a_subject_gets_its_phases(cohort, found, sheet):
    for key, subject in ((1, "A"), (2, "A"), (3, "B"), (4, "C")):
        cohort.add(found(key, subject))
    phases = phases_from_csv(sheet("\ufeffsubject,ed,ES\nA,1,0\nB,,1\n"))
    assert phases == {"A": {"ed": 1, "es": 0}, "B": {"es": 1}}
    assert len(set_phases(cohort, phases)) == 3
    assert [entry.phases for entry in cohort.entries()] == [phases["A"], phases["A"], phases["B"], {"ed": 0}]


def test_a_pseudonymous_cohort_takes_phases_by_the_names_of_the_source(sheet):
    phases = phases_from_csv(sheet("subject,ed\nDoe,0\n"), pseudonyms="a long secret")
    assert phases == {Pseudonyms("a long secret").subject("Doe"): {"ed": 0}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("patient,ed\nA,1\n", "columns subject"),
        ("", "columns subject"),
        ("subject,ed\nA,first\n", "'first' for subject A"),
        ("subject,ed\nA,-1\n", "'-1' for subject A"),
        ("subject,ed\nA,0\nA,1\n", "several for A"),
    ],
)
def test_a_wrong_sheet_is_told(sheet, text, told):
    with pytest.raises(InputError, match=told):
        phases_from_csv(sheet(text))


@pytest.mark.parametrize(
    ("phases", "told"), [({"A": {"ed": 0}, "X": {"ed": 0}}, "got X"), ({"A": {"ed": 1}, "B": {"ed": 2}}, r"0\.\.1")]
)
def test_all_or_none_are_set(cohort, found, phases, told):
    for subject in "AB":
        cohort.add(found(subject, subject, stack=None))
    before = cohort.entries()
    with pytest.raises(InputError, match=told):
        set_phases(cohort, phases)
    assert cohort.entries() == before
    assert np.all([entry.phases == {"ed": 0} for entry in before])
