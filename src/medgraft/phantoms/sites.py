"""Sites: what differs between scanners and hospitals, as a table."""

from dataclasses import dataclass

from medgraft.core.errors import InputError

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Site:
    """How one site acquires short-axis cine; ranges are (low, high) and drawn per subject.

    tesla: strength of the magnet. fov_mm: side of the square field of view. thickness_mm: nominal slice thickness;
    step_mm: between slice centres (their difference is the gap). blood_to_muscle: signal of blood over signal of
    myocardium. noise: standard deviation of the complex noise over the signal of blood. bias: how far the signal
    falls with depth under the surface coil, 0 (flat) to 1. matrix: acquired share of k-space along (rows, columns).
    banding: depth of the dark bands of balanced SSFP at the rim of the field, 0 to 1. level: grey value of blood.
    """

    name: str
    manufacturer: str
    tesla: float
    fov_mm: Range
    thickness_mm: float
    step_mm: Range
    blood_to_muscle: Range
    noise: Range
    bias: Range
    matrix: tuple[float, float]
    banding: Range
    level: Range


SITES = {
    site.name: site
    for site in (
        Site(
            name="a",
            manufacturer="SIEMENS",
            tesla=1.5,
            fov_mm=(320, 360),
            thickness_mm=8,
            step_mm=(9.5, 10.5),
            blood_to_muscle=(2.9, 3.7),
            noise=(0.018, 0.03),
            bias=(0.25, 0.5),
            matrix=(0.65, 0.8),
            banding=(0.5, 0.9),
            level=(220, 320),
        ),
        Site(
            name="b",
            manufacturer="GE MEDICAL SYSTEMS",
            tesla=1.5,
            fov_mm=(345, 385),
            thickness_mm=8,
            step_mm=(7.9, 8.1),
            blood_to_muscle=(2.2, 2.8),
            noise=(0.03, 0.045),
            bias=(0.4, 0.6),
            matrix=(0.55, 0.7),
            banding=(0.2, 0.5),
            level=(600, 1100),
        ),
        Site(
            name="c",
            manufacturer="Philips Medical Systems",
            tesla=3,
            fov_mm=(305, 345),
            thickness_mm=6,
            step_mm=(9.8, 10.2),
            blood_to_muscle=(2.6, 3.2),
            noise=(0.025, 0.045),
            bias=(0.1, 0.3),
            matrix=(0.6, 0.7),
            banding=(0.3, 0.7),
            level=(350, 600),
        ),
    )
}


def site_named(name: str) -> Site:
    """The site of that name. Raises `InputError` for an unknown one."""
    if name not in SITES:
        raise InputError(f"Expected the name of a phantom site, got {name!r}. Available: {', '.join(SITES)}.")
    return SITES[name]
