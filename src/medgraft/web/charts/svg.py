"""SVG elements as escaped markup."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape


def element(name: str, *content: str, **attributes: object) -> Markup:
    """One element; `class_` is its class, other underscores become dashes, None is left out, text is escaped.

    >>> element("text", "a < b", x=1.234, class_="axis")
    Markup('<text x="1.23" class="axis">a &lt; b</text>')
    """
    written = "".join(
        f' {_name(key)}="{escape(_value(value))}"' for key, value in attributes.items() if value is not None
    )
    inside = "".join(escape(part) for part in content)
    return Markup(f"<{name}{written}>{inside}</{name}>")  # noqa: S704 - every part was escaped


def drawing(width: float, height: float, content: Iterable[Markup], *, label: str, class_: str = "") -> Markup:
    """A picture of `width` x `height` pixels; `label` says in words what it shows."""
    return element(
        "svg",
        *content,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
        class_=f"chart {class_}".strip(),
    )


def path(points: Sequence[tuple[float, float] | None], class_: str) -> Markup:
    """A line through points, broken where one is missing."""
    parts, pen = [], "M"
    for point in points:
        if point is not None:
            parts.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "M" if point is None else "L"
    return element("path", d="".join(parts), class_=class_)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
