"""Draws phantom-hearts.png: synthetic hearts of the three sites from base to apex, each slice with its class.

Run in the repository: `python docs/pictures/phantom_hearts.py`.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt

from medgraft.phantoms import SITES, PhantomHeart, short_axis_heart

PICTURE = Path(__file__).with_name("phantom-hearts.png")
COLUMNS = 8
COLOURS = {"OAP": "#E69F00", "IN": "#009E73", "OBS": "#56B4E9"}  # Okabe-Ito, as in reports


def main() -> None:
    mpl.use("Agg")
    hearts = [heart_with_all_classes(site) for site in SITES]
    figure, axes = plt.subplots(len(hearts), COLUMNS, figsize=(1.5 * COLUMNS, 1.75 * len(hearts)), squeeze=False)
    for row, heart in zip(axes, hearts, strict=True):
        draw(row, heart)
    figure.tight_layout(pad=0.3, w_pad=0.8)
    figure.savefig(PICTURE, dpi=90, metadata={"Software": None})


def heart_with_all_classes(site: str) -> PhantomHeart:
    """The first subject of a site with slices above and below the ventricle at end diastole."""
    for subject in range(1, 50):
        heart = short_axis_heart(subject=subject, site=site)
        if set(COLOURS) <= set(heart.slice_classes[heart.stack.phases["ed"]]):
            return heart
    raise ValueError(f"Expected a subject of site {site} with all classes, got none.")


def draw(row: np.ndarray, heart: PhantomHeart) -> None:
    """One heart at end diastole, base on the left; first and last slice always shown."""
    phase = heart.stack.phases["ed"]
    pixels = heart.stack.pixels[phase]
    for axis, z in zip(row, np.linspace(0, len(pixels) - 1, COLUMNS).round().astype(int), strict=True):
        code = str(heart.slice_classes[phase, z])
        axis.imshow(pixels[z], cmap="gray", vmin=0, vmax=np.percentile(pixels, 99.5))
        axis.set(xticks=[], yticks=[])
        axis.set_title(f"{z + 1}  {code}", fontsize=9, loc="left", pad=3)
        for side in axis.spines.values():
            side.set(color=COLOURS[code], linewidth=3)
    row[0].set_ylabel(f"site {heart.site}", fontsize=10)


if __name__ == "__main__":
    main()
