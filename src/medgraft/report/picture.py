"""Picture: a figure with its title, its caption and the words for those who cannot see it."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure as PNG. name: of its file, unique. about: the result or subject it belongs to, "" if it shows all."""

    name: str
    title: str
    caption: str
    alt: str
    png: bytes
    about: str = ""


def slug(name: str) -> str:
    """A name as part of a file's name.

    >>> slug("95 % Hausdorff pool")
    '95-hausdorff-pool'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
