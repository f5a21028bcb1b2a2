"""Options whose values are pairs, such as --phase ed=0."""

from collections.abc import Iterable

import typer


def read_pairs(option: str, texts: Iterable[str], example: str) -> dict[str, str]:
    """The pairs of texts NAME=VALUE. Raises `typer.BadParameter` for a text that is none.

    >>> read_pairs("--phase", ["ed=0", "es = 9"], "ed=0")
    {'ed': '0', 'es': '9'}
    """
    pairs = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not (name and value):
            raise typer.BadParameter(f"Expected {option} NAME=VALUE, for example {example}, got {text!r}.")
        pairs[name] = value
    return pairs
