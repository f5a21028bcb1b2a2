"""Learning curves made up from numbers, and small real ones on synthetic hearts of two sites."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from medgraft.core.cohort import StackEntry
from medgraft.core.digest import array_digest
from medgraft.core.seeds import rng
from medgraft.core.task import LV_WALL
from medgraft.phantoms import ct_heart
from medgraft.samples import MaskedSamples, masked_samples
from medgraft.study.curve import AS_IS, CurveFile, CurveOutcome, CurvePoint, SubjectFigures, parse_curve

SUBJECTS = 12

#: Mean Dice by arm and size; 0 is the model as it is.
Means = Mapping[tuple[str, int], float]


@pytest.fixture(scope="session")
def tiny_curve() -> Callable[..., CurveFile]:
    """A curve of seconds, with some keys changed."""
    tiny: dict[str, Any] = {
        "name": "tiny",
        "network": "unet3d",
        "spacing": 6.0,
        "shape": [16, 16, 16],
        "arms": {"scratch": {"rates": [0.002]}},
        "sizes": [1, 2],
        "draws": 2,
        "epochs": 2,
        "updates": 2,
        "decay": {"factor": 0.9, "epochs": 1},
        "thickness": False,
        "sites": ["two"],
    }
    return lambda **changes: parse_curve({**tiny, **changes})


@pytest.fixture(scope="session")
def made_up() -> Callable[..., CurveOutcome]:
    """An outcome in which every subject has the arm's mean Dice, its own offset, and a little noise."""

    def make(test: Means, home: Means | None = None, *, noise: float = 0.002, draws: int = 3) -> CurveOutcome:
        arms = {arm: {"start": "package" if arm == "fine-tuned" else "random"} for arm, size in test if size}
        curve = parse_curve(
            {
                "network": "unet3d",
                "shape": [16, 16, 16],
                "package": "home.medgraft",
                "arms": arms,
                "sizes": sorted({size for _, size in test if size}),
                "home": {"site": "one"} if home else None,
            }
        )
        points = [
            CurvePoint(
                arm=arm,
                size=size,
                draw=draw,
                test=_figures(mean, noise, "test", arm, size, draw),
                home=_figures((home or {})[arm, size], noise, "home", arm, size, draw) if home else (),
            )
            for (arm, size), mean in test.items()
            for draw in range(draws if size else 1)
        ]
        assert arms
        assert points[0].arm == AS_IS or not any(arm == AS_IS for arm, _ in test)
        n_subjects = {"train": 20, "validation": 4, "test": SUBJECTS, "home": SUBJECTS if home else 0, "others": 0}
        return CurveOutcome(curve=curve, task=LV_WALL, network="unet3d", n_subjects=n_subjects, points=tuple(points))

    return make


def _figures(mean: float, noise: float, *key: object) -> tuple[SubjectFigures, ...]:
    offsets = rng("offset", key[0]).normal(0, 0.03, SUBJECTS)
    noises = rng("noise", *key).normal(0, noise, (SUBJECTS, 2)) if noise else np.zeros((SUBJECTS, 2))
    return tuple(
        SubjectFigures(
            subject=f"{key[0]}{number:02d}",
            stack=f"stack{number:02d}",
            phase=phase,
            dice={"pool": mean + offsets[number] + noises[number, t], "myocardium": mean + offsets[number]},
            hausdorff95={"pool": 3.0, "myocardium": 4.0},
            unmatched=(),
        )
        for number in range(SUBJECTS)
        for t, phase in enumerate(("ed", "es"))
    )


@dataclass(frozen=True, kw_only=True)
class Hearts:
    """Entries, pixels and masks of synthetic hearts of both sites, in memory."""

    entries: tuple[StackEntry, ...]
    images: Mapping[str, np.ndarray]
    masks: Mapping[str, np.ndarray]

    @property
    def samples(self) -> MaskedSamples:
        return masked_samples(self.entries, LV_WALL, in_mm=True)

    def pixels(self, stack: str) -> np.ndarray:
        return self.images[stack]

    def mask(self, stack: str, digest: str) -> np.ndarray:
        return self.masks[stack]


@pytest.fixture(scope="session")
def ct_hearts() -> Hearts:
    """Six subjects of site two, two for each purpose, and one of site one; 16 voxels a side."""
    splits = ["train", "train", "validation", "validation", "test", "test"]
    asked = [("two", number + 1, split) for number, split in enumerate(splits)] + [("one", 1, "test")]
    entries, images, masks = [], {}, {}
    for site, number, split in asked:
        heart = ct_heart(subject=number, site=site, size=16, n_phases=2)
        stack = heart.stack
        assert stack.mask is not None
        entries.append(
            StackEntry(
                id=heart.subject,
                subject=heart.subject,
                site=site,
                split=split,
                shape=stack.pixels.shape,
                spacing=stack.spacing,
                affines=(),
                phases=stack.phases,
                mask_phases=stack.mask_phases,
                mask_classes=stack.mask_classes,
                pixels_digest=array_digest(stack.pixels),
                mask_digest=array_digest(stack.mask),
            )
        )
        images[heart.subject], masks[heart.subject] = stack.pixels, stack.mask
    return Hearts(entries=tuple(entries), images=images, masks=masks)
