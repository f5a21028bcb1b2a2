"""The annotation rules of a site as a file: the blank form, and whether a filled-in one is as it asks."""

from dataclasses import dataclass
from pathlib import Path

from medgraft.core.errors import InputError
from medgraft.core.files import AnyPath
from medgraft.exchange import AnnotationRules, RuleDifference, blank_form, differences, not_compared, read_rules


@dataclass(frozen=True, kw_only=True)
class SiteRules:
    """A file of rules.

    rules: None where it is still blank. differences: from another site's, if one was given. not_compared: answers that
    are not alike and make no other masks.
    """

    file: str
    rules: AnnotationRules | None = None
    differences: tuple[RuleDifference, ...] = ()
    not_compared: tuple[RuleDifference, ...] = ()


def new_rules(file: AnyPath) -> SiteRules:
    """Write the blank form. Raises `InputError` if the file is there already."""
    file = Path(file)
    if file.exists():
        raise InputError(f"Expected a new file for the form, got {file}, which is there already. Do: name another.")
    file.write_text(blank_form(), encoding="utf-8")
    return SiteRules(file=str(file))


def check_rules(file: AnyPath, other: AnyPath | None = None) -> SiteRules:
    """Read filled-in rules, and compare them with another site's. Raises `InputError` as `exchange.read_rules` does."""
    rules = read_rules(Path(file))
    if other is None:
        return SiteRules(file=str(file), rules=rules)
    theirs = read_rules(Path(other))
    return SiteRules(
        file=str(file),
        rules=rules,
        differences=differences(rules, theirs),
        not_compared=not_compared(rules, theirs),
    )
