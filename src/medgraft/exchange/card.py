"""The model card: a package's facts as a page that one would send along (Mitchell et al. 2019, arXiv 1810.03993)."""

import html
import re
from collections.abc import Mapping, Sequence

from medgraft.core.counted import counted
from medgraft.exchange.facts import PackageFacts
from medgraft.exchange.fingerprint import Fingerprint
from medgraft.exchange.rules import QUESTIONS, AnnotationRules
from medgraft.exchange.seen import Seen, Training

#: What begins code, links and pictures, and cells of a table, and what would take a mark's own escape away.
_MARKS = re.compile(r"[\\`\[|]")

_USE = """\
## How to use it

```text
medgraft inspect NAME.medgraft --verify      # digests, and whether it answers here as it did where it was packed
medgraft inspect NAME.medgraft --against P   # whether your images look like those it was trained on; shared subjects
medgraft unpack NAME.medgraft model
```

It answers for images like those below, and nobody knows how well for others: try it on labelled cases of your own
first. It is for research, and is no medical device.
"""

_NO_RULES = """\
This package brings no annotation rules; of a MONAI bundle they may stand in its docs/README.md. Ask how the masks were
drawn before you compare with your own."""

_HASHED = """\
The package carries salted scrypt hashes of the subjects' ids, no id. Whoever has the same ids can find out which of
them trained this model or chose its rate and epoch. Trying every id is slow, not impossible: running numbers are not
protected, random pseudonyms are."""

_UNKNOWN = """\
Unknown is not nobody: of these trainings the package brings no hashes, so nobody can prove that yours are not among
their subjects."""


def card_text(facts: PackageFacts) -> str:
    """The card as Markdown. What a package says is quoted as text: it brings no links, pictures or tags of its own."""
    parts = [
        f"# {_text(facts.name)}",
        "\n".join(f"> {_text(line)}" for line in facts.notes.splitlines()),
        _answers(facts),
        _USE,
        _section("How well it did", _table(("figure", "value"), _figures(facts.figures))),
        _section("Trained on", _data(facts.fingerprint)),
        _section("Annotation rules", _rules(facts.rules)),
        _section("Where it comes from", _lineage(facts)),
        _section("Whose images", _seen(facts.seen)),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _answers(facts: PackageFacts) -> str:
    task = facts.task
    classes = ", ".join(item.code if item.name == item.code else f"{item.code} ({item.name})" for item in task.classes)
    side = f" at {facts.size} x {facts.size} pixels" if facts.size else ""
    reference = f" Reference: {task.reference}." if task.reference else ""
    return _text(f"{facts.network}{side} answers {task.name} per {task.unit}: {classes}.{reference}")


def _figures(figures: Mapping[str, float]) -> list[tuple[str, str]]:
    return [(name, f"{value:.4g}") for name, value in figures.items()]


def _data(found: Fingerprint | None) -> str:
    if found is None:
        return ""
    rows = [
        (one.name, one.unit, _number(one.low), _number(one.median), _number(one.high))
        for one in found.ranges
        if one.median is not None
    ]
    counts = {"vendors": found.vendors, "modalities": found.modalities, "named phases": found.named_phases}
    lines = [f"{name}: {_counts(counted)}." for name, counted in counts.items() if counted]
    head = f"{found.stacks} stacks of {found.subjects} subjects; {' '.join(lines)}"
    return f"{head}\n\n{_table(('property', 'unit', 'low', 'median', 'high'), rows)}"


def _rules(rules: AnnotationRules | None) -> str:
    if rules is None:
        return _NO_RULES
    asked = [(question.text, rules.answers[question.key]) for question in QUESTIONS]
    return _table(("rule", "answer"), [*asked, *rules.more.items()])


def _lineage(facts: PackageFacts) -> str:
    rows = [
        (str(number), hop.what, hop.task, hop.licence or "-", hop.weights_digest[:12])
        for number, hop in enumerate(facts.lineage.hops, 1)
    ]
    return _table(("step", "what", "task", "licence", "weights"), rows)


def _seen(seen: Seen) -> str:
    rows = [(training.name, _subjects(training)) for training in seen.trainings]
    hashed = any(training.subjects and training.subjects.hashes for training in seen.trainings)
    parts = (_table(("training", "subjects"), rows), _HASHED if hashed else "", _UNKNOWN if seen.unknown else "")
    return "\n\n".join(part for part in parts if part)


def _subjects(training: Training) -> str:
    if training.subjects is None:
        return "unknown"
    if not training.subjects.hashes:
        return "none"
    chose = f"; those of {counted(len(training.chosen_on), 'stack')} chose rate and epoch" if training.chosen_on else ""
    return f"{len(training.subjects.hashes)}, hashed{chose}"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [columns, ["---"] * len(columns), *([_text(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{_text(name) or 'unknown'} {count}" for name, count in counted.items())


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _text(words: str) -> str:
    """Words as Markdown shows them: no tags, links, code or cells of their own, no control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in words)
    return _MARKS.sub(r"\\\g<0>", html.escape(shown, quote=False))
