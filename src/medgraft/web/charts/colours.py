"""The colours of a task's classes as a style sheet, and the ink that reads on them."""

import re
from collections.abc import Sequence

from medgraft.core.errors import InputError

_COLOUR = re.compile(r"^#[0-9A-Fa-f]{6}$")
#: Relative luminance above which dark ink reads better than light ink (WCAG 2).
_BRIGHT = 0.18


def class_colours(colours: Sequence[str]) -> str:
    """A style sheet: `.k0`, `.k1` ... set `--class` and `--on-class`.

    Raises `InputError` for what is not a colour of six hexadecimal digits.

    >>> class_colours(["#E69F00"])
    '.k0{--class:#E69F00;--on-class:#000}'
    """
    if strange := [colour for colour in colours if not _COLOUR.match(colour)]:
        raise InputError(f"Expected colours such as #E69F00, got {strange[0]!r}.")
    return "\n".join(f".k{at}{{--class:{colour};--on-class:{_ink_on(colour)}}}" for at, colour in enumerate(colours))


def _ink_on(colour: str) -> str:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _BRIGHT else "#fff"
