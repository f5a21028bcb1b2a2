"""A length of time in a few letters."""

_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(9.4), duration(250), duration(9000)
    ('9 s', '4 min', '2.5 h')
    """
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < _HOUR else f"{seconds / _HOUR:.1f} h"
