"""The population hearts are drawn from: ranges per group, as a table."""

from dataclasses import dataclass

import numpy as np

from medgraft.phantoms.heart import Heart
from medgraft.phantoms.sites import Range


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group of hearts, named as in ACDC; ranges in mm, `share` of the population.

    Normal ranges follow Petersen et al. 2017 (doi 10.1186/s12968-017-0327-9).
    """

    name: str
    share: float
    radius: Range
    length: Range
    wall: Range
    ejection: Range
    base_shift: Range


GROUPS = (
    Group(
        name="NOR",
        share=0.6,
        radius=(23, 27.5),
        length=(76, 92),
        wall=(7, 9),
        ejection=(0.55, 0.68),
        base_shift=(10, 15),
    ),
    Group(
        name="DCM", share=0.2, radius=(29, 34), length=(88, 102), wall=(6, 8), ejection=(0.18, 0.38), base_shift=(4, 8)
    ),
    Group(
        name="HCM", share=0.2, radius=(20, 24), length=(72, 86), wall=(12, 16), ejection=(0.6, 0.74), base_shift=(8, 12)
    ),
)


def draw_heart(random: np.random.Generator) -> Heart:
    """One heart of the population; the group is drawn by its share."""
    group = GROUPS[int(random.choice(len(GROUPS), p=[group.share for group in GROUPS]))]
    wall = random.uniform(*group.wall)
    return Heart(
        group=group.name,
        radius=random.uniform(*group.radius),
        length=random.uniform(*group.length),
        wall=wall,
        apical_wall=wall * random.uniform(0.6, 1.0),
        fullness=random.uniform(2.1, 3.0),
        taper=random.uniform(0.45, 0.56),
        ejection=random.uniform(*group.ejection),
        base_shift=random.uniform(*group.base_shift),
        apex_shift=random.uniform(3, 8),
        oval=random.uniform(0, 0.05),
        oval_angle=random.uniform(0, np.pi),
        lobe=random.uniform(-0.02, 0.02),
        tilt=(random.uniform(-0.12, 0.12), random.uniform(-0.12, 0.12)),
        rv_width=random.uniform(28, 42),
        rv_length=random.uniform(0.72, 0.92),
        fat=random.uniform(2, 7),
        crescent=random.uniform(4, 14),
        papillary_radius=random.uniform(4.5, 7),
        papillary_angles=(random.uniform(-1.1, -0.6), random.uniform(1.2, 1.9)),
        root=random.uniform(13, 16.5),
        atrium=random.uniform(0.85, 1.15),
        angle=random.uniform(-0.25, 0.25),
    )
