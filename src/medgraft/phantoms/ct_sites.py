"""Two hospitals that make and annotate 4D heart CT differently, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from medgraft.core.errors import InputError
from medgraft.phantoms.annotation import Annotation
from medgraft.phantoms.sites import Range


@dataclass(frozen=True, kw_only=True)
class SiteStyle:
    """How one site images and annotates hearts, and which hearts it sees; ranges are (low, high), drawn per subject.

    field_mm: reconstructed field of view (z, y, x). blood, right_blood, muscle: HU in the left heart, in the right
    heart and in the myocardium: they follow from when the scan starts after the contrast. noise: standard deviation
    in HU. dose_modulation: factor on it at end systole. kernel_mm: standard deviation of the point spread.
    window_ms: how long one phase is looked at. rate: heart beats per minute. cavity_ml, elongation, wall_mm,
    ejection: as in `LeftVentricle`. annotation: how its readers draw. labelled: which phases they drew, of `LABELLED`.
    """

    name: str
    manufacturer: str
    field_mm: tuple[float, float, float]
    blood: Range
    right_blood: Range
    muscle: Range
    noise: Range
    dose_modulation: float
    kernel_mm: float
    window_ms: float
    rate: Range
    cavity_ml: Range
    elongation: Range
    wall_mm: Range
    ejection: Range
    annotation: Annotation
    labelled: str


SITE_ONE = SiteStyle(
    name="one",
    manufacturer="SIEMENS",
    field_mm=(132, 132, 132),
    blood=(330, 420),
    right_blood=(180, 300),
    muscle=(95, 125),
    noise=(18, 28),
    dose_modulation=1.0,
    kernel_mm=0.9,
    window_ms=83,
    rate=(55, 75),
    cavity_ml=(110, 190),
    elongation=(1.9, 2.4),
    wall_mm=(6.5, 9.5),
    ejection=(0.48, 0.68),
    annotation=Annotation(papillary="pool", mitral_shift_mm=0.0, outflow="mitral plane"),
    labelled="every other",
)

SITE_TWO = SiteStyle(
    name="two",
    manufacturer="GE MEDICAL SYSTEMS",
    field_mm=(144, 124, 124),
    blood=(230, 320),
    right_blood=(90, 170),
    muscle=(80, 115),
    noise=(30, 45),
    dose_modulation=1.6,
    kernel_mm=0.55,
    window_ms=165,
    rate=(60, 95),
    cavity_ml=(90, 210),
    elongation=(1.7, 2.2),
    wall_mm=(8.5, 13.5),
    ejection=(0.3, 0.62),
    annotation=Annotation(papillary="myocardium", mitral_shift_mm=3.0, outflow="aortic valve"),
    labelled="ed-es",
)

#: The sites by name; `two` has thicker walls, weaker hearts, less contrast, more noise and other rules.
CT_SITES: Mapping[str, SiteStyle] = {site.name: site for site in (SITE_ONE, SITE_TWO)}


def ct_site(name: str) -> SiteStyle:
    """The site of that name. Raises `InputError` for an unknown one."""
    if name not in CT_SITES:
        raise InputError(f"Expected the name of a CT phantom site, got {name!r}. Available: {', '.join(CT_SITES)}.")
    return CT_SITES[name]


def labelled_phases(which: str, n_phases: int, end_systole: int) -> tuple[int, ...]:
    """The phases that readers drew: "all", "every other" (with end systole) or "ed-es".

    >>> labelled_phases("every other", 8, 3)
    (0, 2, 3, 4, 6)

    Raises `InputError` for another word.
    """
    drawn = {"all": range(n_phases), "every other": range(0, n_phases, 2), "ed-es": range(1)}
    if which not in drawn:
        raise InputError(f"Expected which phases are labelled, got {which!r}. Available: {', '.join(drawn)}.")
    return tuple(sorted({*drawn[which], end_systole}))
