"""What the file of a picture is called."""

from urllib.parse import quote

#: Letters of one part: file systems take names of 255 bytes, and a letter may become nine.
_LONGEST = 80


def drawn_file(*parts: str) -> str:
    """A name that every file system takes, whatever letters subjects have; the last parts tell long names apart.

    >>> drawn_file("Müller/2", "0af3", "ed")
    'M%C3%BCller%2F2-0af3-ed.png'
    """
    return "-".join(quote(part, safe=" ")[:_LONGEST] for part in parts) + ".png"
