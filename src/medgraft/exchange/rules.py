"""AnnotationRules: what the annotators of a site agreed on, as a short questionnaire that travels with the model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from medgraft.core.errors import InputError, reason

#: The third of the ventricle next to the valves, the rest of it, or all of it.
Part = Literal["base", "rest", "whole"]

#: The longest form or answer that is read, in bytes and letters.
_LONGEST_FORM, _LONGEST_ANSWER = 64 << 10, 500

_HEAD = """\
# Annotation rules of one site. Every site fills in its own copy before anything is trained.
# Write an answer after each colon: one of those named above it, or your own words where none are named.
"""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line of the questionnaire.

    answers: those to choose from, none where free words are asked for. compared: whether another answer at another site
    makes other masks. part: of the heart where it shows, between the mitral valve and the apex.
    """

    key: str
    text: str
    answers: tuple[str, ...] = ()
    compared: bool = True
    part: Part = "whole"


#: The questionnaire; a new question is one line here, and a site's own go under `more` in its form.
QUESTIONS = (
    Question(key="site", text="Site", compared=False),
    Question(key="annotators", text="Who drew the masks: how many people, of what training", compared=False),
    Question(key="tool", text="Drawn with which program, by hand or corrected from a proposal", compared=False),
    Question(
        key="phases",
        text="Phases that are labelled",
        answers=("ed and es", "every phase", "every other phase", "other"),
        compared=False,
    ),
    Question(
        key="papillary_muscles",
        text="Papillary muscles belong to",
        answers=("pool", "myocardium", "background", "undecided"),
        part="rest",
    ),
    Question(
        key="trabeculae",
        text="Trabeculae belong to",
        answers=("pool", "myocardium", "undecided"),
        part="rest",
    ),
    Question(
        key="mitral_plane",
        text="At the mitral valve the cavity ends at",
        answers=("plane of the annulus", "closed leaflets", "last slice with myocardium all around", "undecided"),
        part="base",
    ),
    Question(
        key="outflow_tract",
        text="The outflow tract is",
        answers=("included up to the aortic valve", "left out", "undecided"),
        part="base",
    ),
)


@dataclass(frozen=True, kw_only=True)
class AnnotationRules:
    """A filled-in questionnaire. answers: by key of `QUESTIONS`, all of them. more: a site's own rules by name."""

    answers: Mapping[str, str]
    more: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `InputError` for a question without an answer, or an answer that is not among those to choose from."""
        known = [question.key for question in QUESTIONS]
        if strange := sorted(set(self.answers) - set(known)):
            raise InputError(f"Expected the questions {', '.join(known)}, got {strange[0]!r}. Do: put it under more.")
        if blank := [key for key in known if not self.answers.get(key)]:
            raise InputError(f"Expected an answer to every annotation rule, got none to {', '.join(blank)}.")
        for question in QUESTIONS:
            _check(question, self.answers[question.key])
        for name, text in {**self.answers, **self.more}.items():
            if len(name) + len(text) > _LONGEST_ANSWER or not (name + text).isprintable():
                raise InputError(f"Expected at most {_LONGEST_ANSWER} plain letters for a rule, got {name[:40]!r}.")


@dataclass(frozen=True, kw_only=True)
class RuleDifference:
    """A rule on which two sites differ. ours, theirs: their answers, "" where a site's own rule is unknown there."""

    key: str
    text: str
    ours: str
    theirs: str


def blank_form() -> str:
    """The questionnaire as YAML text, to be filled in.

    >>> print(blank_form().splitlines()[3])
    # Site
    """
    lines = [line for question in QUESTIONS for line in (_asked(question), f"{question.key}:", "")]
    return "\n".join([_HEAD, *lines, "# Rules of your own, each as NAME: words", "more: {}", ""])


def read_rules(path: Path) -> AnnotationRules:
    """A filled-in form. Raises `InputError` for a form that is missing, no YAML, or not filled in as it asks."""
    form = _form(path)
    if not isinstance(form, dict):
        raise InputError(f"Expected annotation rules in {path}, got no form. Do: medgraft sites rules --new {path}")
    more = form.pop("more", None) or {}
    if not isinstance(more, dict):
        raise InputError(f"Expected NAME: words under more in {path}, got {type(more).__name__}.")
    answers, own = _words(form, path), _words(more, path)
    try:
        return AnnotationRules(answers=answers, more=own)
    except InputError as error:
        raise InputError(f"{error} This is {path}.") from error


def _form(path: Path) -> Any:
    """Words as they are written: YAML takes no for an answer to yes or no, 1.10 for 1.1 and 12:30 for 750."""
    try:
        with path.open("rb") as file:
            said = file.read(_LONGEST_FORM + 1)
        if len(said) <= _LONGEST_FORM:
            return yaml.load(said.decode(), Loader=yaml.BaseLoader)  # noqa: S506 (words, lists, mappings, no objects)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        why = reason(error).rstrip(".")
        raise InputError(f"Expected annotation rules in {path}, got a file that cannot be read: {why}.") from error
    raise InputError(f"Expected a form of at most {_LONGEST_FORM >> 10} KiB, got a longer file: {path}.")


def write_rules(rules: AnnotationRules, path: Path) -> Path:
    """Write a filled-in form; gives its path."""
    form = {**rules.answers, **({"more": dict(rules.more)} if rules.more else {})}
    path.write_text(yaml.safe_dump(form, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def differences(ours: AnnotationRules, theirs: AnnotationRules) -> tuple[RuleDifference, ...]:
    """The rules on which two sites differ, so that masks of one are no truth at the other."""
    own = [
        RuleDifference(key=name, text=name, ours=ours.more.get(name, ""), theirs=theirs.more.get(name, ""))
        for name in sorted({*ours.more, *theirs.more})
        if ours.more.get(name, "") != theirs.more.get(name, "")
    ]
    return (*_differences(ours, theirs, compared=True), *own)


def not_compared(ours: AnnotationRules, theirs: AnnotationRules) -> tuple[RuleDifference, ...]:
    """Other answers that are not alike, but say who drew which images with what: they make no other masks."""
    return tuple(_differences(ours, theirs, compared=False))


def _differences(ours: AnnotationRules, theirs: AnnotationRules, *, compared: bool) -> Iterator[RuleDifference]:
    for question in QUESTIONS:
        answers = ours.answers[question.key], theirs.answers[question.key]
        if question.compared == compared and answers[0] != answers[1]:
            yield RuleDifference(key=question.key, text=question.text, ours=answers[0], theirs=answers[1])


def _asked(question: Question) -> str:
    return f"# {question.text}{': ' if question.answers else ''}{' | '.join(question.answers)}"


def _check(question: Question, answer: str) -> None:
    if question.answers and answer not in question.answers:
        available = ", ".join(question.answers)
        raise InputError(f"Expected an answer to {question.key}, got {answer[:80]!r}. Available: {available}.")


def _words(form: dict[str, Any], path: Path) -> dict[str, str]:
    """The answers of a form on one line each; blank ones are left out."""
    if wrong := [key for key, value in form.items() if not isinstance(value, str)]:
        raise InputError(f"Expected words after {wrong[0]}: in {path}, got {type(form[wrong[0]]).__name__}.")
    return {key: " ".join(value.split()) for key, value in form.items() if value.strip()}
