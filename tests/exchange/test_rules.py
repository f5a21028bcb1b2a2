"""The questionnaire: a form that is filled in is read as it was meant, and sites that differ are told where."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgraft.core.errors import InputError
from medgraft.exchange import QUESTIONS, AnnotationRules, blank_form, differences, not_compared, read_rules, write_rules

FREE = {question.key: "Anna, ten years of echo" for question in QUESTIONS if not question.answers}
ANSWERS = st.fixed_dictionaries(
    {question.key: st.sampled_from(question.answers or ("Anna: 10 years", "Bo")) for question in QUESTIONS}
)


def filled_in(answers: dict[str, str], more: str = "{}") -> str:
    """The blank form with an answer after each colon, as a site would write it."""
    form = blank_form().replace("more: {}", f"more: {more}")
    for key, answer in answers.items():
        form = form.replace(f"\n{key}:\n", f'\n{key}: "{answer}"\n')
    return form


@given(answers=ANSWERS)
def test_a_form_that_is_filled_in_is_read(tmp_path_factory: pytest.TempPathFactory, answers: dict[str, str]) -> None:
    path = tmp_path_factory.getbasetemp() / "rules.yaml"
    path.write_text(filled_in(answers, '{"coronaries": "left out"}'), encoding="utf-8")
    rules = read_rules(path)
    assert rules == AnnotationRules(answers=answers, more={"coronaries": "left out"})
    assert read_rules(write_rules(rules, path.with_name("again.yaml"))) == rules


@pytest.mark.parametrize("words", ["no", "1.10", "12:30", "010", "2024-01-01", "0x1F"])
def test_words_are_kept_as_they_are_written(tmp_path: Path, words: str) -> None:
    """Whatever YAML takes them for."""
    answers = {question.key: question.answers[0] if question.answers else words for question in QUESTIONS}
    path = tmp_path / "rules.yaml"
    path.write_text(filled_in(answers, f"{{fat is included: {words}}}").replace(f'"{words}"', words))
    rules = read_rules(path)
    assert (rules.answers, rules.more) == (answers, {"fat is included": words})
    assert read_rules(write_rules(rules, path)) == rules


@given(ours=ANSWERS, theirs=ANSWERS)
def test_differences_are_those_rules_that_are_compared_and_differ(ours: dict[str, str], theirs: dict[str, str]) -> None:
    compared = {question.key for question in QUESTIONS if question.compared}
    found = differences(AnnotationRules(answers=ours), AnnotationRules(answers=theirs))
    unlike = {key for key in ours if ours[key] != theirs[key]}
    assert {rule.key for rule in found} == compared & unlike
    aside = not_compared(AnnotationRules(answers=ours), AnnotationRules(answers=theirs))
    assert {rule.key for rule in aside} == unlike - compared
    assert all((rule.ours, rule.theirs) == (ours[rule.key], theirs[rule.key]) for rule in found)
    back = differences(AnnotationRules(answers=theirs), AnnotationRules(answers=ours))
    assert [(rule.key, rule.theirs, rule.ours) for rule in back] == [
        (rule.key, rule.ours, rule.theirs) for rule in found
    ]


def test_a_rule_of_ones_own_differs_where_the_other_site_has_none() -> None:
    answers = {question.key: question.answers[0] if question.answers else "x" for question in QUESTIONS}
    ours, theirs = AnnotationRules(answers=answers, more={"apex": "capped"}), AnnotationRules(answers=answers)
    assert [(rule.key, rule.ours, rule.theirs) for rule in differences(ours, theirs)] == [("apex", "capped", "")]


def test_the_blank_form_asks_every_question_and_is_refused_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(blank_form())
    assert all(question.text in blank_form() for question in QUESTIONS)
    with pytest.raises(InputError, match="got none to site, annotators"):
        read_rules(tmp_path / "rules.yaml")


SOUND = {question.key: question.answers[0] for question in QUESTIONS if question.answers} | FREE
WRONG = {
    "an answer that is none of those": (filled_in({**SOUND, "trabeculae": "maybe"}), "Available: pool, myocardium"),
    "an answer left out": (filled_in({key: SOUND[key] for key in SOUND if key != "tool"}), "got none to tool"),
    "a question that nobody asks": (filled_in(SOUND) + "\npapilary_muscles: pool\n", "put it under more"),
    "an answer that is a list": (filled_in(SOUND).replace('"pool"', "[pool]"), "Expected words"),
    "rules of one's own that are a list": (filled_in(SOUND, "[a, b]"), "NAME: words"),
    "an endless answer": (filled_in({**SOUND, "tool": "x" * 600}), "at most 500 plain letters"),
    "an endless rule of one's own": (filled_in(SOUND, f"{{a: {'x' * 600}}}"), "at most 500 plain letters"),
    "an endless form": ("# " + "x" * 100_000, "at most 64 KiB"),
    "no YAML": ("a: [", "cannot be read"),
    "code": ("!!python/object/apply:os.system [touch sprung]", "no form"),
    "code for an answer": (filled_in(SOUND).replace('"pool"', "!!python/object/apply:os.system [a]"), "Expected words"),
    "a list": ("- a", "no form"),
    "nothing": ("", "no form"),
    "a thousand storeys": ("[" * 3000 + "]" * 3000, "cannot be read"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_form_that_is_not_as_it_asks_is_refused(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, reason = WRONG[kind]
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(InputError, match=f"(?s){reason}") as caught:
        read_rules(tmp_path / "rules.yaml")
    assert "rules.yaml" in str(caught.value)  # of two files it says which
    assert str(caught.value).count("Expected") == 1
    assert not (tmp_path / "sprung").exists()
    assert len(str(caught.value)) < 1000


def test_a_form_that_is_missing_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_rules(tmp_path / "rules.yaml")
