"""How figures and their intervals are written; what is not defined is None, which a table shows as a dash."""

from math import isfinite


def number(value: float, form: str = ".2f") -> str | None:
    """A figure by itself.

    >>> number(0.8), number(0.8, "+.3f"), number(float("nan"))
    ('0.80', '+0.800', None)
    """
    return format(value, form) if isfinite(value) else None


def ends(low: float, high: float, form: str = ".2f") -> str | None:
    """An interval by itself; one subject gives none.

    >>> ends(0.7, 0.9), ends(float("nan"), float("nan"))
    ('0.70 to 0.90', None)
    """
    return f"{low:{form}} to {high:{form}}" if isfinite(low) and isfinite(high) else None


def with_ends(value: float, low: float, high: float, form: str = ".2f") -> str | None:
    """A figure with its interval in brackets.

    >>> with_ends(0.8, 0.7, 0.9), with_ends(0.8, float("nan"), float("nan"), ".3f")
    ('0.80 (0.70 to 0.90)', '0.800')
    """
    written, between = number(value, form), ends(low, high, form)
    return f"{written} ({between})" if written and between else written
