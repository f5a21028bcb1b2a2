"""A number with its noun, as people write it."""


def counted(n: int, noun: str) -> str:
    """A number of things, the noun in the plural where it is not one.

    >>> counted(1, "subject"), counted(5, "subject")
    ('1 subject', '5 subjects')
    """
    return f"{n} {noun}{'' if n == 1 else 's'}"
